import Holdfast

/// One of the processes that a bench's workers are spread over: a client, and its share of the tasks.
struct BenchProcess: Sendable {
    private static let look: Duration = .milliseconds(1)

    let number: Int
    let plan: BenchPlan
    let board: Scoreboard

    func run() -> Never {
        Concurrency.run {
            do {
                try await plan.store.withClient { try await work($0) }
                return .success
            } catch {
                return Failure(error).report()
            }
        }
    }

    private func work(_ client: LockClient) async throws {
        // The first request opens files and connections: before the start.
        try await client.acquire(LockKey(unchecked: "\(plan.prefix)/warm-up/\(number)")).release()
        board.isReady()
        let time = Timekeeper(ContinuousClock())
        while board.start == 0 { try await time.sleep(until: time.now + Self.look) }
        try await time.sleep(until: time.now + .nanoseconds(board.start - BootTime.now))
        try await withThrowingTaskGroup(of: Void.self) { group in
            let executor = plan.usesPool ? nil : client.executor
            for worker in plan.workers(of: number) {
                group.addTask(executorPreference: executor) {
                    try await BenchWorker(number: worker, plan: plan, client: client, board: board).run()
                }
            }
            try await group.waitForAll()
            board.ends(at: BootTime.now)
        }
    }
}
