#if SQLite
import Glibc
public import Holdfast

/// What shows other processes that this one lives: a lock that the kernel drops when its holders are gone.
///
/// A file of its own beside the store, locked on two bytes through two open files. Byte 0 is the process's that keeps
/// the claims. Byte 1 is for programs that run under a lock and inherit its descriptor, as `flock` does it: while any
/// of them lives, no successor is granted, even where the keeper was killed. A pid would not do: it means nothing in
/// another container, and is used again.
public final class SQLiteLiveness: Sendable {
    static let keeperByte: Int64 = 0
    static let programByte: Int64 = 1

    /// Who this is in the store; a random number.
    public let processID: Int64
    /// Holds byte 0: for the process that keeps the claims, and no other.
    public let keeperDescriptor: Int32
    /// Holds byte 1; `nil` where no program is to inherit it. Closed on exec until its user decides otherwise.
    public let inheritedDescriptor: Int32?
    /// Where other processes wake this one.
    let wakeDescriptor: Int32
    let directory: OwnerDirectory

    /// Makes and locks the file. Synchronous, so that it can be called before a process has threads.
    ///
    /// - Parameters:
    ///   - storePath: the store's file; its directory must exist.
    ///   - isInheritable: whether a program is to inherit the lock.
    /// - Throws: ``LockError/Code/storeUnusable`` where the files cannot be made.
    public init(storePath: String, isInheritable: Bool = false) throws(LockError) {
        directory = OwnerDirectory(storePath: storePath)
        // Where our folder stands, nothing new is made beside a file that may be another program's; whoever opens the
        // store looks at that again. To open it here would double the start-up time of a command.
        if directory.exists {
            try StoreFile.refusePlace(storePath)
        } else {
            try StoreFile.refuseForeign(storePath)
        }
        try directory.make()
        processID = Int64.random(in: 1 ... .max)
        let path = directory.lockPath(processID)
        // Locked under another name first: whoever sees the file sees it locked.
        let draft = path + ".new"
        keeperDescriptor = try Self.open(draft, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC)
        inheritedDescriptor = isInheritable ? try Self.open(draft, O_RDWR | O_CLOEXEC) : nil
        try Self.lock(keeperDescriptor, Self.keeperByte, draft)
        if let inheritedDescriptor { try Self.lock(inheritedDescriptor, Self.programByte, draft) }
        let wakePath = directory.wakePath(processID)
        guard mkfifo(wakePath, 0o600) == 0, rename(draft, path) == 0 else { throw Self.failure("make", path) }
        wakeDescriptor = try Self.open(wakePath, O_RDWR | O_NONBLOCK | O_CLOEXEC)
    }

    /// Whether who looks beside a store finds this.
    func isSeen(beside storePath: String) -> Bool {
        var (own, seen) = (stat(), stat())
        let path = OwnerDirectory(storePath: storePath).lockPath(processID)
        return fstat(keeperDescriptor, &own) == 0 && stat(path, &seen) == 0
            && (own.st_dev, own.st_ino) == (seen.st_dev, seen.st_ino)
    }

    deinit {
        close(keeperDescriptor)
        close(wakeDescriptor)
        if let inheritedDescriptor { close(inheritedDescriptor) }
    }

    private static func open(_ path: String, _ flags: Int32) throws(LockError) -> Int32 {
        let descriptor = Glibc.open(path, flags, 0o600)
        guard descriptor >= 0 else { throw failure("open", path) }
        return descriptor
    }

    private static func lock(_ descriptor: Int32, _ byte: Int64, _ path: String) throws(LockError) {
        var range = flock(
            l_type: Int16(F_WRLCK), l_whence: Int16(SEEK_SET), l_start: Int(byte), l_len: 1, l_pid: 0)
        guard fcntl(descriptor, OwnerDirectory.setLock, &range) == 0 else { throw failure("lock", path) }
    }

    private static func failure(_ verb: String, _ path: String) -> LockError {
        LockError(
            .storeUnusable,
            "cannot \(verb) \(path): \(String(cString: strerror(errno))); locks need a directory that can be written"
        )
    }
}
#endif
