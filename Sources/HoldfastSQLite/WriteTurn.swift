#if SQLite
import CSQLite
import Glibc
import Holdfast

/// Lets the processes that share a store write in turn.
///
/// SQLite's own waiting lets the process that has just written win again and again. Here each waits for a lock on a
/// file beside the store, notes there that it does, and who has just written lets a noted waiter go first. After a few
/// quick tries it sleeps until a turn ends: hundreds that try on would leave no time to the one that has the turn.
final class WriteTurn {
    /// How long one turn may last. While turns end, whoever waits goes on waiting: its caller has deadlines of its own.
    static let limit: Duration = .seconds(10)
    /// A waiter notes itself at least this often: after each nap.
    private static let noteInterval: Int64 = 6_000_000
    /// What the last writer gives to a waiter.
    private static let courtesy: Duration = .microseconds(150)
    /// Tries before the first nap, and the pause between two of them in microseconds.
    private static let quickTries = 16
    private static let pause: ClosedRange<Int64> = 10...60
    /// In nanoseconds: should the one that was woken have been killed.
    private static let nap: ClosedRange<Int64> = 3_000_000...5_000_000

    private let file: Int32
    /// Shared words: when somebody last waited, and who wrote last. A note of the dead just costs one courtesy.
    private let note: UnsafeMutablePointer<Int64>
    private let lastWriter: UnsafeMutablePointer<Int64>
    /// A shared word that changes with the end of each turn: what those sleep on that wait.
    private let ends: UnsafeMutablePointer<Int32>
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
        ends = (page + 2 * MemoryLayout<Int64>.stride).bindMemory(to: Int32.self, capacity: 1)
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
        var limit = BootClock.now + Self.limit.nanoseconds
        var seen = hf_turns_ended(ends)
        var tries = 0
        while true {
            let ended = hf_turns_ended(ends)
            if ended != seen { (seen, limit) = (ended, BootClock.now + Self.limit.nanoseconds) }
            guard flock(file, LOCK_EX | LOCK_NB) != 0 else { return }
            guard errno == EWOULDBLOCK || errno == EINTR else { throw Self.failure("lock", path) }
            let now = BootClock.now
            guard now < limit else {
                throw LockError(
                    .unavailable,
                    "\(path) has been locked for \(Self.limit); a process may be stopped in mid-write")
            }
            note.pointee = now
            tries += 1
            if tries < Self.quickTries {
                BootClock.sleep(.microseconds(Int64.random(in: Self.pause)))
            } else {
                hf_sleep_until_turn_ends(ends, seen, Int64.random(in: Self.nap))
            }
        }
    }

    func end() {
        flock(file, LOCK_UN)
        hf_end_turn(ends, BootClock.now - note.pointee < Self.noteInterval ? 1 : 0)
    }

    private static func failure(_ verb: String, _ path: String) -> LockError {
        LockError(
            .storeUnusable,
            "cannot \(verb) \(path): \(String(cString: strerror(errno))); locks need a directory that can be written"
        )
    }
}
#endif
