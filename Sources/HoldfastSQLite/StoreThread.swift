#if SQLite
import CSQLite
import Glibc
import Holdfast
import Synchronization

/// The one thread that uses a store's connection: it takes what is queued as one transaction, and looks after waiters.
///
/// Group commit: however many verbs are queued, one transaction and one flush serve them all.
final class StoreThread: Sendable {
    /// The most verbs that wait for the thread.
    static let queuedVerbsLimit = 1_000_000

    private struct Inbox {
        var operations: [StoreOperation] = []
        var isAsleep = false
        var isClosing = false
    }
    private let inbox = Mutex(Inbox())
    /// Wakes the thread where it sleeps in `poll`.
    let bell: Int32

    init() throws(LockError) {
        bell = eventfd(0, Int32(EFD_CLOEXEC) | Int32(EFD_NONBLOCK))
        guard bell >= 0 else {
            throw LockError(.unavailable, "no event descriptor: \(String(cString: strerror(errno)))")
        }
    }

    deinit { Glibc.close(bell) }

    func send(_ operation: StoreOperation) {
        enum Fate { case queued, wake, full, closed }
        let fate = inbox.withLock { inbox -> Fate in
            guard !inbox.isClosing else { return .closed }
            guard inbox.operations.count < Self.queuedVerbsLimit else { return .full }
            inbox.operations.append(operation)
            defer { inbox.isAsleep = false }
            return inbox.isAsleep ? .wake : .queued
        }
        switch fate {
        case .queued: break
        case .wake: eventfd_write(bell, 1)
        case .full: operation.fail(LockError(.limitExceeded, "\(Self.queuedVerbsLimit) verbs wait for the store"))
        case .closed: operation.fail(LockError(.unavailable, "the store is closed"))
        }
    }

    func close() {
        inbox.withLock { $0.isClosing = true }
        eventfd_write(bell, 1)
    }

    /// Takes what is queued; where that is nothing, the thread is about to sleep.
    func take() -> (operations: [StoreOperation], isClosing: Bool) {
        inbox.withLock { inbox in
            let operations = inbox.operations
            inbox.operations.removeAll(keepingCapacity: operations.count < 4096)
            inbox.isAsleep = operations.isEmpty
            return (operations, inbox.isClosing)
        }
    }

    /// How many are queued by now.
    var queued: Int { inbox.withLock { $0.operations.count } }

    /// Runs `keeper` on a thread of its own until the store is closed.
    func start(_ keeper: sending StoreKeeper) throws(LockError) {
        let box = Unmanaged.passRetained(Start(keeper))
        var thread = pthread_t()
        let code = pthread_create(
            &thread, nil,
            { argument in
                guard let argument else { return nil }
                Unmanaged<Start>.fromOpaque(argument).takeRetainedValue().keeper.run()
                return nil
            }, box.toOpaque())
        guard code == 0 else {
            box.release()
            throw LockError(.unavailable, "no thread for the store: \(String(cString: strerror(code)))")
        }
        pthread_detach(thread)
    }

    private final class Start {
        let keeper: StoreKeeper
        init(_ keeper: StoreKeeper) { self.keeper = keeper }
    }
}
#endif
