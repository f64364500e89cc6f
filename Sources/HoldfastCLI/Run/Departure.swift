import CHoldfastProcess
import Glibc

/// `run --fd N`: the command returns to the shell once the lock is held, and a process of its own stays behind until
/// every copy of the shell's file N is closed.
///
/// The kernel tells it: a lock on one byte of the file, taken through the shell's own descriptor, ends with the last
/// copy of that, and a second opening of the file waits for the same byte.
struct Departure: Sendable {
    /// The process that called, and that is stopped where the lock is lost.
    let shell: pid_t
    /// Where the caller waits for its exit status.
    private let verdict: Int32
    /// The second opening.
    private let watch: Int32
    private let byte: Int64

    /// Far behind what anybody writes; the process number tells callers apart.
    private static let firstByte: Int64 = 1 << 48

    /// Splits this process: the original waits for the verdict, and this returns in the other one.
    ///
    /// Before the first thread, and before anything is opened.
    init(leaving descriptor: Int32) throws(Failure) {
        shell = getppid()
        byte = Self.firstByte + Int64(getpid())
        watch = try Self.mark(descriptor, byte)
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw Failure(.internalError, "no pipe: \(String(cString: strerror(errno)))") }
        let caller = getpid()
        let child = hf_fork()
        guard child >= 0 else { throw Failure(.internalError, "cannot fork: \(String(cString: strerror(errno)))") }
        if child > 0 {
            close(ends[1])
            Self.waitForVerdict(ends[0]).exit()
        }
        close(ends[0])
        verdict = ends[1]
        // Whoever gives up waiting gives up the claim.
        guard hf_die_with_parent(caller, SIGTERM) == 0 else { ExitStatus.success.exit() }
        setsid()
        // The shell's files are the shell's: whoever waits for their end must not wait for us.
        hf_close_others(watch, verdict)
        for own in [watch, verdict] { _ = fcntl(own, F_SETFD, FD_CLOEXEC) }
    }

    /// - Returns: the second opening.
    private static func mark(_ descriptor: Int32, _ byte: Int64) throws(Failure) -> Int32 {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG,
            hf_lock_byte(descriptor, byte, 0) == 0
        else {
            throw Failure(.usage, "--fd \(descriptor): open a regular file for writing there: \(descriptor)>file")
        }
        let watch = open("/proc/self/fd/\(descriptor)", O_RDWR | O_CLOEXEC)
        guard watch >= 0 else {
            throw Failure(.usage, "--fd \(descriptor): cannot open it again: \(String(cString: strerror(errno)))")
        }
        return watch
    }

    private static func waitForVerdict(_ end: Int32) -> ExitStatus {
        var status: UInt8 = 0
        while true {
            let count = read(end, &status, 1)
            if count == 1 { return ExitStatus(code: Int32(status)) }
            if count == 0 || errno != EINTR { return .internalError }
        }
    }

    /// Lets the caller go on.
    func report(_ status: ExitStatus) {
        var code = UInt8(truncatingIfNeeded: status.code)
        Terminal.leave()
        hf_outlive_parent()
        write(verdict, &code, 1)
        close(verdict)
    }

    /// Returns when the last copy of the shell's file is closed.
    func waitForClose() {
        while hf_lock_byte(watch, byte, 1) != 0, errno == EINTR {}
    }
}
