import DequeModule
import Synchronization

/// Work that `run()` performs for callers whose cancellation must not touch it.
///
/// Each piece belongs to a claim that is held, so that there is never more of it than the client may have claims.
final class BackgroundWork: Sendable {
    struct Job: Sendable {
        let perform: @Sendable () async -> Void
        /// Nobody will perform it.
        let drop: @Sendable () -> Void
    }

    private struct State {
        var jobs: Deque<Job> = []
        var isClosed = false
    }
    private let state = Mutex(State())
    let bell = Bell()

    func add(_ job: Job) {
        let isTaken = state.withLock { state in
            if !state.isClosed { state.jobs.append(job) }
            return !state.isClosed
        }
        if isTaken { bell.ring() } else { job.drop() }
    }

    func take() -> Job? { state.withLock { $0.jobs.popFirst() } }

    func close() {
        let jobs = state.withLock { state in
            state.isClosed = true
            defer { state.jobs = [] }
            return state.jobs
        }
        for job in jobs { job.drop() }
    }
}

extension LockClient {
    /// Hands `work` to `run()`, and waits for it: deaf to cancellation.
    ///
    /// - Returns: `nil` where nobody runs.
    func shielded<R: Sendable>(_ work: @escaping @Sendable () async -> R) async -> R? {
        await withCheckedContinuation { caller in
            backgroundWork.add(
                BackgroundWork.Job(
                    perform: { caller.resume(returning: await work()) }, drop: { caller.resume(returning: nil) }))
        }
    }

    /// Performs what callers hand over, until it is cancelled.
    func workInBackground() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                guard let job = backgroundWork.take() else {
                    await backgroundWork.bell.wait()
                    continue
                }
                group.addTask { await job.perform() }
            }
            backgroundWork.close()
        }
    }
}
