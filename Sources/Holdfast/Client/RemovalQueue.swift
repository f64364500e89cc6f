import Synchronization

/// The removals that `run()` performs in the background, until each is confirmed or pointless.
final class RemovalQueue: Sendable {
    typealias Answer = Result<Removal, LockError>

    struct Job: Sendable {
        let id: Claim.ID
        /// When the claim has expired by itself; `nil` where only a removal can end it.
        let pointlessAt: Duration?
        /// Answered once: with the outcome, or with `nil` where that takes too long.
        let caller: CheckedContinuation<Answer?, Never>?
    }

    private struct State {
        var jobs: [Job] = []
        var outstanding = 0
        var isClosed = false
    }
    private let state = Mutex(State())
    private let empty = Mutex<[CheckedContinuation<Void, Never>]>([])
    let bell = Bell()

    /// - Returns: whether somebody will perform it.
    func add(_ job: Job) -> Bool {
        let isTaken = state.withLock { state in
            guard !state.isClosed else { return false }
            state.jobs.append(job)
            state.outstanding += 1
            return true
        }
        if isTaken { bell.ring() }
        return isTaken
    }

    func take() -> Job? {
        state.withLock { $0.jobs.isEmpty ? nil : $0.jobs.removeFirst() }
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
            return state.jobs.takeAll()
        }
        for job in jobs { job.caller?.resume(returning: nil) }
        for waiter in empty.withLock({ $0.takeAll() }) { waiter.resume() }
    }
}

extension Array {
    fileprivate mutating func takeAll() -> [Element] {
        defer { self = [] }
        return self
    }
}
