#if Etcd
import Holdfast
import ServerKit
import Synchronization

@testable import HoldfastEtcd

/// One server for all tests that leave it as it is: each has a prefix of its own.
enum SharedServer {
    private static let starting = Task { try await EtcdServer() }

    static func get() async throws -> EtcdServer { try await starting.value }
}

/// Part of a server's keys, for one test.
struct Corner: Sendable {
    private static let next = Atomic(0)
    let server: EtcdServer
    var configuration: EtcdConfiguration

    /// On the shared server, unless another is given.
    init(_ server: EtcdServer? = nil) async throws {
        self.server = if let server { server } else { try await SharedServer.get() }
        configuration = self.server.configuration
        configuration.prefix = "corner\(Self.next.wrappingAdd(1, ordering: .relaxed).newValue)/"
    }

    var prefix: String { configuration.prefix }

    func backend(_ bounds: ClaimBounds = ClaimBounds(), link: EtcdBounds? = nil) throws -> EtcdBackend {
        try EtcdBackend(configuration, logger: nil, linkBounds: link, bounds: bounds)
    }

    /// Backends, running around `body`: each stands for a process.
    func backends<R: Sendable>(
        _ count: Int = 1, bounds: ClaimBounds = ClaimBounds(), link: EtcdBounds? = nil,
        _ body: @escaping @Sendable ([EtcdBackend]) async throws -> R
    ) async throws -> R {
        try await EtcdBackend.running((0..<count).map { _ in try backend(bounds, link: link) }, body)
    }

    /// The keys in this corner, but for tombstones: those end by themselves.
    func left() async throws -> [String] { try await keys().filter { !$0.hasPrefix("%gone/") } }

    /// All keys in this corner.
    func keys() async throws -> [String] {
        let text = try await server.control("get", "--prefix", prefix, "--keys-only")
        return text.split(separator: "\n").map { String($0.dropFirst(prefix.utf8.count)) }
    }
}

extension EtcdBackend {
    static func running<R: Sendable>(
        _ backends: [EtcdBackend], _ body: @escaping @Sendable ([EtcdBackend]) async throws -> R
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
}

/// Claims of one test, numbered.
final class Claims: Sendable {
    private let sequence = Atomic<UInt64>(0)
    let client = UInt64.random(in: 1...UInt64.max)

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

    var age: Duration? {
        switch self {
        case .held(let grant): grant.age
        case .waiting(let age): age
        case .refused: nil
        }
    }
}
#endif
