#if ZooKeeper
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastZooKeeper

/// One server for all tests that leave it as it is: each has a prefix of its own.
enum SharedServer {
    private static let starting = Task {
        try await ZooKeeperServer(.init(config: "maxSessionTimeout=7200000"))
    }

    static func get() async throws -> ZooKeeperServer { try await starting.value }
}

/// Part of a server's tree, for one test.
struct Corner: Sendable {
    private static let next = Atomic(0)
    let server: ZooKeeperServer
    var configuration: ZooKeeperConfiguration

    /// On the shared server, unless another is given.
    init(_ server: ZooKeeperServer? = nil) async throws {
        self.server = if let server { server } else { try await SharedServer.get() }
        configuration = self.server.configuration
        configuration.prefix = "/corner\(Self.next.wrappingAdd(1, ordering: .relaxed).newValue)/"
    }

    func backend(_ bounds: ClaimBounds = ClaimBounds()) throws -> ZooKeeperBackend {
        try ZooKeeperBackend(configuration, logger: nil, sessionBounds: nil, bounds: bounds)
    }

    /// Backends, running around `body`: each stands for a process.
    func backends<R: Sendable>(
        _ count: Int = 1, bounds: ClaimBounds = ClaimBounds(),
        _ body: @escaping @Sendable ([ZooKeeperBackend]) async throws -> R
    ) async throws -> R {
        try await ZooKeeperBackend.running((0..<count).map { _ in try backend(bounds) }, body)
    }

    /// The nodes of claims in this corner.
    func left() async throws -> [String] {
        try await server.configuration.session { session in
            // What is given up as a test ends may take a moment.
            try await eventually("no claim is left") {
                try await Self.nodes(String(configuration.prefix.dropLast()), session).isEmpty
            }
        }
        return []
    }

    private static func nodes(_ path: String, _ session: ZooKeeperSession) async throws -> [String] {
        guard try await session.exists(path) != nil else { return [] }
        var found: [String] = []
        for child in try await session.children(path).children {
            if child.hasPrefix("_c_") {
                found.append(child)
            } else {
                found += try await nodes(path + "/" + child, session)
            }
        }
        return found
    }
}

extension ZooKeeperBackend {
    static func running<R: Sendable>(
        _ backends: [ZooKeeperBackend], _ body: @escaping @Sendable ([ZooKeeperBackend]) async throws -> R
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

    @discardableResult
    func hold(_ claim: Claim) async throws -> FencingToken {
        guard let token = try await place(claim, .always).token else { throw TestFailure("\(claim.id) is not held") }
        return token
    }

    func wait(_ claim: Claim) async throws {
        guard case .waiting = try await place(claim, .always) else { throw TestFailure("\(claim.id) does not wait") }
    }

    /// All requests of its sessions.
    var requestsSent: [OpCode: Int] {
        sessions.withLock { Array($0.values) }.reduce(into: [:]) { sum, live in
            sum.merge(live.session.requestsSent) { $0 + $1 }
        }
    }
}

/// Claims of one test, numbered.
final class Claims: Sendable {
    private let sequence = Atomic<UInt64>(0)
    private let client = UInt64.random(in: 1...UInt64.max)

    func next(_ parts: [Claim.Part], life: Duration = .seconds(30)) throws(LockError) -> Claim {
        let number = sequence.wrappingAdd(1, ordering: .relaxed).newValue
        return try Claim(
            id: Claim.ID(client: client, sequence: number), parts: parts, timeToLive: life,
            owner: Owner(host: "test host", processID: 1, program: "tests", label: "claim \(number)"))
    }

    func next(_ key: LockKey, _ mode: LockMode = .exclusive, life: Duration = .seconds(30)) throws(LockError) -> Claim {
        try next([Claim.Part(key, mode)], life: life)
    }
}

extension Placement {
    var token: FencingToken? { if case .held(let grant) = self { grant.token } else { nil } }
}
#endif
