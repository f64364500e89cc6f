import Holdfast

extension Conformance {
    /// What the client makes of the verbs. Clients count on the real clock, with lives that do not end here.
    static let clients: [ConformanceCase] = [
        client("the result and the error of a body come through") { stage, locks in
            let result = try await locks.withLock(stage.key("k")) { lease in
                try require(lease.isHeld && lease.key == stage.key("k"), "in its body, a lock is not held")
                return 42
            }
            try require(result == 42, "the body's result came out as \(result)")
            do {
                try await locks.withLock(stage.key("k")) { _ in throw BodyError() }
                throw ConformanceFailure("the body's error was lost")
            } catch is BodyError {}
            let owned = try await locks.acquire(stage.key("k"), wait: .no)
            try await owned.release()
        },
        client("a caller that would not wait, or not so long, fails") { stage, locks in
            let owned = try await locks.acquire(stage.key("k"))
            let none = try await locks.tryAcquire(stage.key("k"))
            switch consume none {
            case nil: break
            case .some: throw ConformanceFailure("tryAcquire got a lock that is held")
            }
            try await stage.expect(.busy, "acquire with wait: .no") {
                _ = try await locks.acquire(stage.key("k"), wait: .no)
            }
            try await stage.expect(.timedOut, "acquire with wait: .upTo") {
                _ = try await locks.acquire(stage.key("k"), wait: .upTo(.milliseconds(50)))
            }
            try await owned.release()
        },
        client("a release lets the next caller in, with a greater token") { stage, locks in
            let order = Turns()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<10 {
                    group.addTask {
                        try await locks.withLock(stage.key("k")) { lease in order.note(lease.token) }
                    }
                }
                try await group.waitForAll()
            }
            let tokens = order.tokens
            try require(tokens == tokens.sorted() && Set(tokens).count == 10, "tokens in turn: \(tokens)")
        },
        client("a caller that is cancelled while it waits leaves nothing") { stage, locks in
            let owned = try await locks.acquire(stage.key("k"))
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    do {
                        try await locks.withLock(stage.key("k")) { _ in }
                        throw ConformanceFailure("a cancelled caller got the lock")
                    } catch is CancellationError {}
                }
                await Task.yield()
                group.cancelAll()
                try await group.waitForAll()
            }
            try await owned.release()
            let next = try await locks.acquire(stage.key("k"), wait: .upTo(stage.harness.handOffLimit))
            try await next.release()
        },
        client("a claim removed by force cancels its body, and the caller hears leaseLost") { stage, locks in
            try await stage.expect(.leaseLost, "withLock whose claim was removed") {
                try await locks.withLock(stage.key("k")) { lease in
                    let removal = try await locks.remove(lease.id)
                    try require(removal == .removed, "a held claim's forced removal answers \(removal)")
                    let loss = try await stage.within(stage.harness.handOffLimit, "the loss was not noticed") {
                        await lease.whenLost()
                    }
                    try require(loss == .removed && !lease.isHeld, "the loss is \(String(describing: loss))")
                    try require(Task.isCancelled, "the body was not cancelled when its lock was lost")
                }
            }
        },
        client("a nested claim that its own owner blocks fails at once, unless it may enter") { stage, locks in
            try await locks.withLock(stage.key("k")) { outer in
                try await stage.expect(.wouldDeadlock, "a nested claim on an own key") {
                    try await locks.withLock(stage.key("k")) { _ in }
                }
                try await locks.withLock(stage.key("k"), options: LockOptions(reentrant: true)) { inner in
                    try require(inner.token == outer.token, "a reentrant entry has another token")
                }
                try await locks.withLock(stage.key("other")) { _ in }
            }
        },
        client("what a backend cannot do is an error at the door") { stage, locks in
            for (supports, mode) in [
                (stage.capabilities.supportsShared, LockMode.shared),
                (stage.capabilities.supportsPermits, .permits(1, of: 2)),
            ] where !supports {
                try await stage.expect(.unsupported, "\(mode)") {
                    _ = try await locks.acquire(stage.key("k"), mode: mode, wait: .no)
                }
            }
            let limit = stage.capabilities.keysPerClaimLimit
            guard limit < Claim.keysLimit else { return }
            try await stage.expect(.unsupported, "a claim on \(limit + 1) keys") {
                _ = try await locks.acquire((0...limit).map { Claim.Part(stage.key("k\($0)")) }, wait: .no)
            }
        },
    ]

    private struct BodyError: Error {}

    private static func client(
        _ name: String, _ body: @escaping @Sendable (ConformanceStage, LockClient) async throws -> Void
    ) -> ConformanceCase {
        ConformanceCase(name) { stage in
            let life = max(.seconds(30), stage.shortLife)
            try await LockClient.withClient(
                // The stage runs the backend already.
                backend: BackendView(stage.backend), configuration: LockClientConfiguration(timeToLive: life)
            ) { locks in try await body(stage, locks) }
            guard stage.capabilities.supportsListing else { return }
            let left = try await stage.backend.claims(withPrefix: stage.prefix, limit: 100)
            try require(left.isEmpty, "the client left \(left.map { ClaimState($0) })")
        }
    }
}
