import Glibc
import Holdfast

/// One task of a bench, from the common start to the common end.
struct BenchWorker: Sendable {
    private static let hold: Duration = .milliseconds(1)
    /// Nobody deletes what a bench wrote.
    private static let recordLife: Duration = .seconds(60)
    /// So that those on one key do not give up: what is measured is how long they take.
    private static let attemptsLimit = 1_000
    /// How often the progress is told: counting together costs more than a cycle does.
    private static let progressStride = 64

    let number: Int
    let plan: BenchPlan
    let client: LockClient
    let board: Scoreboard

    func run() async throws {
        let end = board.start + plan.seconds.nanoseconds
        let score =
            switch plan.kind {
            case .cycles, .updates: try await cycles(until: end)
            case .handoff: try await handoff(until: end)
            case .raw, .push: try await bare(until: end)
            }
        board.advance(by: score.turns % Self.progressStride)
        board.add(score, of: number)
    }

    /// The end of one cycle is the beginning of the next: one look at the clock each.
    private func cycles(until end: Int64) async throws -> Score {
        var score = Score()
        let (parts, options) = (try plan.parts(of: number), UpdateOptions(attemptsLimit: Self.attemptsLimit))
        var last = BootTime.now
        while last < end {
            try await cycle(parts, options)
            let now = BootTime.now
            score.latencies.record(now - last)
            last = now
            await count(&score)
        }
        return score
    }

    private func cycle(_ parts: [Claim.Part], _ options: UpdateOptions) async throws {
        if plan.kind == .updates {
            try await client.records.update(
                parts[0].key, as: Int.self, timeToLive: Self.recordLife, options: options
            ) { ($0 ?? 0) + 1 }
        } else if plan.isScoped {
            try await client.withLock(parts) { _ in }
        } else {
            try await client.acquire(parts).release()
        }
    }

    private func bare(until end: Int64) async throws -> Score {
        guard let store = client.bareStore else {
            throw Failure(.usage, "bench \(plan.kind.rawValue): this store has nothing to compare with")
        }
        var score = Score()
        let time = Timekeeper(ContinuousClock())
        let number = UInt64(getpid()) << 32 + UInt64(number)
        var last = BootTime.now
        while last < end {
            if plan.kind == .push {
                // As long as a hand-off's hold: what has rested wakes as slowly.
                try await time.sleep(until: time.now + Self.hold)
                score.latencies.record(try await store.barePush(number).nanoseconds)
                last = BootTime.now
            } else {
                try await store.bareCycle(number)
                let now = BootTime.now
                score.latencies.record(now - last)
                last = now
            }
            await count(&score)
        }
        return score
    }

    private func handoff(until end: Int64) async throws -> Score {
        var score = Score()
        let key = plan.key(of: number)
        let time = Timekeeper(ContinuousClock())
        while BootTime.now < end {
            let owned = try await client.acquire(key)
            let now = BootTime.now
            if let release = board.lastRelease {
                if release.worker == number {
                    score.again += 1
                } else {
                    score.latencies.record(now - release.at)
                }
            }
            await count(&score)
            try await time.sleep(until: time.now + Self.hold)
            board.releases(number, at: BootTime.now)
            try await owned.release()
        }
        return score
    }

    /// A store that answers without suspending would never let another task of the thread have its turn.
    private func count(_ score: inout Score) async {
        score.turns += 1
        guard score.turns % Self.progressStride == 0 else { return }
        board.advance(by: Self.progressStride)
        await Task.yield()
    }
}
