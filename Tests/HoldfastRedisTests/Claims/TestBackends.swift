#if Redis
import Holdfast
import ServerKit
import Synchronization

@testable import HoldfastRedis

/// Backends on one server, running around a test's body: each stands for a process.
extension RedisServer {
    func backends<R: Sendable>(
        _ count: Int = 1, through proxy: FaultProxy? = nil, bounds: LinkBounds? = nil,
        _ change: (inout RedisConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable ([RedisBackend]) async throws -> R
    ) async throws -> R {
        var configuration = configuration
        if let proxy { configuration.endpoint = .tcp(host: "127.0.0.1", port: proxy.port) }
        change(&configuration)
        var backends: [RedisBackend] = []
        for _ in 0..<count { backends.append(try RedisBackend(configuration, logger: nil, bounds: bounds)) }
        return try await running(backends, body)
    }

    func running<R: Sendable>(
        _ backends: [RedisBackend], _ body: @escaping @Sendable ([RedisBackend]) async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: R?.self) { group in
            for backend in backends {
                group.addTask {
                    try await backend.run()
                    return nil
                }
            }
            group.addTask { try await body(backends) }
            defer { group.cancelAll() }
            while let result = try await group.next() {
                if let result { return result }
            }
            throw TestFailure("the body returned nothing")
        }
    }

    /// The keys in the store but for the counters that outlive their claims.
    func keysLeft() throws -> [String] {
        let names = try command("KEYS", "*").elements?.compactMap(\.text) ?? []
        return names.filter { !$0.hasSuffix(":hf:t") && !$0.hasSuffix(":hf.t") }.sorted()
    }
}

/// Claims of one test, numbered.
final class Claims: Sendable {
    private let sequence = Atomic<UInt64>(0)
    private let client = UInt64.random(in: 1...UInt64.max)

    func next(_ parts: [Claim.Part], life: Duration = .seconds(30)) throws -> Claim {
        let number = sequence.wrappingAdd(1, ordering: .relaxed).newValue
        return try Claim(
            id: Claim.ID(client: client, sequence: number), parts: parts, timeToLive: life,
            owner: Owner(host: "test host", processID: 1, program: "tests", label: "claim \(number)"))
    }

    func next(_ key: LockKey, _ mode: LockMode = .exclusive, life: Duration = .seconds(30)) throws -> Claim {
        try next([Claim.Part(key, mode)], life: life)
    }
}

extension Placement {
    var token: FencingToken? { if case .held(let grant) = self { grant.token } else { nil } }
}

extension RedisBackend {
    @discardableResult
    func hold(_ claim: Claim) async throws -> FencingToken {
        guard let token = try await place(claim, .always).token else { throw TestFailure("\(claim.id) is not held") }
        return token
    }

    /// Whether its client knows that it is held: by a push or a look.
    func holds(_ id: Claim.ID) -> Bool { roster.state.withLock { $0.claims[id]?.isHeld == true } }

    func wait(_ claim: Claim) async throws {
        guard case .waiting = try await place(claim, .always) else { throw TestFailure("\(claim.id) does not wait") }
    }
}
#endif
