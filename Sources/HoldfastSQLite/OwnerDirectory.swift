#if SQLite
import Glibc
import Holdfast

/// The folder beside a store where each process that uses it has its liveness lock and its wake-up pipe.
struct OwnerDirectory: Sendable {
    /// What the kernel's locks say of a process.
    enum Life: Sendable {
        /// It lives: the time to live of its claims decides.
        case lives
        /// Its keeper is gone, a program that inherited its lock still runs: what it holds stays, whatever its age.
        case orphaned
        case dead
        /// Its file is missing, which its end does not cause: somebody removed it. The time to live decides.
        case unknown
    }

    /// Open-file-description locks; their names do not import.
    static let getLock: Int32 = 36
    static let setLock: Int32 = 37

    let path: String

    init(storePath: String) { path = storePath + ".d" }

    func lockPath(_ process: Int64) -> String { "\(path)/\(String(process, radix: 16)).lock" }
    func wakePath(_ process: Int64) -> String { "\(path)/\(String(process, radix: 16)).wake" }

    var exists: Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    func make() throws(LockError) {
        guard mkdir(path, 0o700) != 0, errno != EEXIST else { return }
        throw LockError(
            .storeUnusable,
            "cannot make \(path): \(String(cString: strerror(errno))); locks need a directory that can be written")
    }

    /// Looks at the locks of a process's file. Opening and closing it drops no lock of this kind.
    func life(of process: Int64) -> Life {
        let file = open(lockPath(process), O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return .unknown }
        defer { close(file) }
        return Self.life(in: file)
    }

    /// Whether a program that inherited a process's lock still runs, whatever the process itself does.
    func hasProgram(_ process: Int64) -> Bool {
        let file = open(lockPath(process), O_RDWR | O_CLOEXEC)
        guard file >= 0 else { return false }
        defer { close(file) }
        return Self.isLocked(file, SQLiteLiveness.programByte)
    }

    static func life(in file: Int32) -> Life {
        if isLocked(file, SQLiteLiveness.keeperByte) { return .lives }
        return isLocked(file, SQLiteLiveness.programByte) ? .orphaned : .dead
    }

    private static func isLocked(_ file: Int32, _ byte: Int64) -> Bool {
        var range = flock(l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: Int(byte), l_len: 1, l_pid: 0)
        // A failure says nothing: believe in the lock.
        guard fcntl(file, getLock, &range) == 0 else { return true }
        return range.l_type != Int16(F_UNLCK)
    }

    /// What a process is woken for.
    enum Push: UInt8 {
        /// Some of its claims were granted.
        case granted = 1
        /// Some of its claims were asked for, or removed.
        case look = 2
    }

    /// Wakes a process; one that is gone needs no waking.
    func wake(_ process: Int64, _ push: Push) {
        // Open for both ends: a pipe without a reader would raise SIGPIPE.
        let pipe = open(wakePath(process), O_RDWR | O_NONBLOCK | O_CLOEXEC)
        guard pipe >= 0 else { return }
        defer { close(pipe) }
        var byte = push.rawValue
        // A full pipe wakes as well.
        _ = write(pipe, &byte, 1)
    }

    func forget(_ process: Int64) {
        unlink(wakePath(process))
        unlink(lockPath(process))
    }

    /// Removes the files of processes that ended without doing so, and say nothing about claims any more.
    func sweep(keeping isInUse: (Int64) -> Bool) {
        guard let directory = opendir(path) else { return }
        defer { closedir(directory) }
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            guard name.hasSuffix(".lock"), let process = Int64(name.dropLast(5), radix: 16), !isInUse(process)
            else { continue }
            if case .dead = life(of: process) { forget(process) }
        }
    }
}
#endif
