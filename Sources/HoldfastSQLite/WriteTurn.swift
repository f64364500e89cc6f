#if SQLite
import Glibc
import Holdfast

/// Lets the processes that share a store write in turn.
///
/// SQLite's own waiting lets the process that has just written win again and again. Here each waits for a lock on a
/// file beside the store, notes there that it does, and who has just written lets a noted waiter go first.
final class WriteTurn {
    /// How long a turn may be waited for.
    static let limit: Duration = .seconds(10)
    /// A waiter notes itself at least this often.
    private static let noteInterval: Int64 = 2_000_000
    /// What the last writer gives to a waiter.
    private static let courtesy: Duration = .microseconds(150)
    /// Between two tries, in microseconds.
    private static let pause: ClosedRange<Int64> = 10...60

    private let file: Int32
    /// Two shared words: when somebody last waited, and who wrote last. A note of the dead just costs one courtesy.
    private let note: UnsafeMutablePointer<Int64>
    private let lastWriter: UnsafeMutablePointer<Int64>
    private let me = Int64.random(in: 1 ... .max)
    private let path: String

    init(storePath: String) throws(LockError) {
        path = storePath + "-turn"
        file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Self.failure("open", path) }
        // Room that is promised: a page without it would be a fatal signal on a full disk.
        guard posix_fallocate(file, 0, 4096) == 0,
            let page = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0), page != MAP_FAILED
        else {
            let error = Self.failure("map", path)
            close(file)
            throw error
        }
        note = page.bindMemory(to: Int64.self, capacity: 2)
        lastWriter = note + 1
    }

    deinit {
        munmap(note, 4096)
        close(file)
    }

    func begin() throws(LockError) {
        if lastWriter.pointee == me, BootClock.now - note.pointee < Self.noteInterval {
            BootClock.sleep(Self.courtesy)
        }
        if flock(file, LOCK_EX | LOCK_NB) != 0 { try wait() }
        lastWriter.pointee = me
    }

    private func wait() throws(LockError) {
        let limit = BootClock.now + Self.limit.nanoseconds
        while flock(file, LOCK_EX | LOCK_NB) != 0 {
            guard errno == EWOULDBLOCK || errno == EINTR else { throw Self.failure("lock", path) }
            let now = BootClock.now
            guard now < limit else {
                throw LockError(
                    .unavailable,
                    "\(path) has been locked for \(Self.limit); a process may be stopped in mid-write")
            }
            note.pointee = now
            BootClock.sleep(.microseconds(Int64.random(in: Self.pause)))
        }
    }

    func end() { flock(file, LOCK_UN) }

    private static func failure(_ verb: String, _ path: String) -> LockError {
        LockError(
            .storeUnusable,
            "cannot \(verb) \(path): \(String(cString: strerror(errno))); locks need a directory that can be written"
        )
    }
}
#endif
