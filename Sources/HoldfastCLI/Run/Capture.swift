import CHoldfastProcess
import Glibc

/// What the processes of `once` share: CMD's output, the first of it kept in memory, and how CMD ended.
///
/// A process of its own copies the output: it may block for as long as our reader does, which holds up CMD as that
/// reader would, and nobody else. It descends from the front as CMD's own do, so that the lock is held until all is
/// printed, and it is killed with them where the lock is lost.
struct Capture: Sendable {
    /// Of the output that is kept.
    static let outputBytesLimit = 32 * 1024
    private static let chunkBytes = 64 * 1024

    /// A file without a name, in memory.
    private let file: Int32
    private let pipeEnd: Int32
    /// Where CMD prints.
    let input: Int32
    /// Whether all was copied; how CMD ended, plus one; why our output could not be written.
    private let words: SharedWords

    /// Before the first fork. All of it is closed on exec.
    init() throws(Failure) {
        words = try SharedWords(count: 3)
        file = hf_memory_file()
        var ends: [Int32] = [-1, -1]
        guard file >= 0, pipe(&ends) == 0 else {
            throw Failure(.internalError, "no place for the output: \(String(cString: strerror(errno)))")
        }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        (pipeEnd, input) = (ends[0], ends[1])
    }

    /// In every process but the copier and CMD: the output ends when all its writers have ended.
    func closePipe() {
        close(pipeEnd)
        close(input)
    }

    var status: ExitStatus? {
        get { words[1] > 0 ? ExitStatus(code: Int32(words[1] - 1)) : nil }
        nonmutating set { words[1] = newValue.map { Int64($0.code) + 1 } ?? 0 }
    }

    /// Why not all was printed; `nil` also where the reader went away, which is his affair.
    var printingError: String? {
        let error = Int32(truncatingIfNeeded: words[2])
        return error == 0 || error == EPIPE ? nil : String(cString: strerror(error))
    }

    /// What was kept, and whether that is all.
    func output() -> (bytes: [UInt8], isCut: Bool) {
        var bytes = [UInt8](repeating: 0, count: Self.outputBytesLimit + 1)
        var count = 0
        while count < bytes.count {
            let read = bytes.withUnsafeMutableBytes { buffer in
                pread(file, buffer.baseAddress.map { $0 + count }, buffer.count - count, off_t(count))
            }
            guard read > 0 else { break }
            count += read
        }
        let isCut = count > Self.outputBytesLimit || words[0] == 0
        return (Array(bytes[..<min(count, Self.outputBytesLimit)]), isCut)
    }

    /// Puts in what an earlier run printed.
    func keep(_ bytes: [UInt8]) { _ = Self.write(bytes[...], to: file) }

    /// Prints what was kept, for as long as that takes.
    func replay() { words[2] = Int64(Self.write(output().bytes[...], to: STDOUT_FILENO)) }
}

// MARK: - The process that copies

extension Capture {
    /// Copies until the last writer has ended, or our reader is gone: CMD's next write fails then, as without us.
    func copy() -> Never {
        // TERM is for CMD, whose last words are still to be printed; KILL cannot be blocked.
        var all = sigset_t()
        sigfillset(&all)
        sigprocmask(SIG_BLOCK, &all, nil)
        hf_close_others(pipeEnd, file)
        var buffer = [UInt8](repeating: 0, count: Self.chunkBytes)
        var room = Self.outputBytesLimit + 1
        while true {
            let count = read(pipeEnd, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            let kept = buffer[..<min(count, room)]
            if Self.write(kept, to: file) == 0 { room -= kept.count }
            words[2] = Int64(Self.write(buffer[..<count], to: STDOUT_FILENO))
            guard words[2] == 0 else { ExitStatus.unprinted.exit() }
        }
        words[0] = 1
        ExitStatus.success.exit()
    }

    /// - Returns: `errno`, or 0 where all was written.
    private static func write(_ bytes: ArraySlice<UInt8>, to descriptor: Int32) -> Int32 {
        var rest = bytes
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN:
                var stream = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                poll(&stream, 1, -1)
            default: return errno
            }
        }
        return 0
    }
}
