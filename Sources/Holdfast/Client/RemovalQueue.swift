import DequeModule
import Synchronization

/// The removals that `run()` performs in the background, until each is confirmed or pointless.
final class RemovalQueue: Sendable {
    typealias Answer = Result<Removal, LockError>

    struct Job: Sendable {
        let id: Claim.ID
        /// When the claim has expired by itself; `nil` where only a removal can end it.
        let pointlessAt: Duration?
        /// `nil` where nobody waits.
        let caller: Caller?
    }

    /// Somebody who waits for a removal, but not for long.
    final class Caller: Sendable {
        let until: Duration
        private let waiter: Mutex<CheckedContinuation<Answer?, Never>?>

        init(until: Duration, _ waiter: CheckedContinuation<Answer?, Never>) {
            self.until = until
            self.waiter = Mutex(waiter)
        }

        var isAnswered: Bool { waiter.withLock { $0 == nil } }

        /// Once: with the outcome, or with `nil` where that takes too long.
        func answer(_ answer: Answer?) { waiter.withLock { $0.take() }?.resume(returning: answer) }

        deinit { answer(nil) }
    }

    private struct State {
        var jobs: Deque<Job> = []
        /// In the order in which they came, which is that of their time: all wait equally long.
        var callers: Deque<Caller> = []
        var outstanding = 0
        var isClosed = false
    }
    private let state = Mutex(State())
    private let empty = Mutex<[CheckedContinuation<Void, Never>]>([])
    let bell = Bell()
    /// Rung where somebody waits.
    let callerBell = Bell()

    /// - Returns: whether somebody will perform it.
    func add(_ job: Job) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs.append(job)
            state.outstanding += 1
            if let caller = job.caller { state.callers.append(caller) }
            return true
        }
        if isTaken {
            bell.ring()
            if job.caller != nil { callerBell.ring() }
        }
        return isTaken
    }

    /// Whose time ends next.
    func takeCaller() -> Caller? {
        state.withLock { state in
            while let caller = state.callers.popFirst() {
                if !caller.isAnswered { return caller }
            }
            return nil
        }
    }

    func take() -> Job? {
        state.withLock { $0.jobs.popFirst() }
    }

    func finished() {
        let isEmpty = state.withLock { state in
            state.outstanding -= 1
            return state.outstanding == 0
        }
        if isEmpty { for waiter in empty.withLock({ $0.takeAll() }) { waiter.resume() } }
    }

    /// Returns when every removal is confirmed or given up.
    func whenEmpty() async {
        await withCheckedContinuation { continuation in
            let isEmpty = state.withLock { state in
                if state.outstanding > 0 { empty.withLock { $0.append(continuation) } }
                return state.outstanding == 0
            }
            if isEmpty { continuation.resume() }
        }
    }

    /// Nobody performs removals any more: those left end with their claims' lives.
    func close() {
        let jobs = state.withLock { state in
            state.isClosed = true
            state.outstanding -= state.jobs.count
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job.caller?.answer(nil) }
        for waiter in empty.withLock({ $0.takeAll() }) { waiter.resume() }
    }
}

extension Array {
    fileprivate mutating func takeAll() -> [Element] {
        defer { self = [] }
        return self
    }
}
