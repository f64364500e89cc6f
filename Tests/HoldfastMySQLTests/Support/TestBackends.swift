#if MySQL
import Holdfast
import ServerKit
import Synchronization

@testable import HoldfastMySQL

/// One server for all tests that leave it as it is: each has a prefix of its own.
enum SharedServer {
    private static let starting = Task { try await MySQLServer("--max-connections=500") }

    static func get() async throws -> MySQLServer { try await starting.value }
}

/// Part of a server's keys, for one test.
struct Corner: Sendable {
    private static let next = Atomic(0)
    let server: MySQLServer
    var configuration: MySQLConfiguration

    /// On the shared server, unless another is given.
    init(_ server: MySQLServer? = nil, _ locks: MySQLConfiguration.Locks = .named) async throws {
        self.server = if let server { server } else { try await SharedServer.get() }
        configuration = self.server.configuration
        configuration.locks = locks
        configuration.prefix = "corner\(Self.next.wrappingAdd(1, ordering: .relaxed).newValue)/"
    }

    func named(_ bounds: MySQLBounds = MySQLBounds()) throws -> NamedBackend {
        try NamedBackend(configuration, logger: nil, bounds: bounds)
    }

    /// Backends, running around `body`: each stands for a process.
    func named<R: Sendable>(
        _ count: Int, _ body: @escaping @Sendable ([NamedBackend]) async throws -> R
    ) async throws -> R {
        try await running((0..<count).map { _ in try named() }, body)
    }

    func table(_ bounds: MySQLBounds = MySQLBounds()) throws -> TableBackend {
        try TableBackend(configuration, logger: nil, bounds: bounds)
    }

    /// What is left of this corner in the tables.
    func left() async throws -> [String] {
        let range = "p.name LIKE '\(configuration.prefix)%'"
        let answer = try await ask(
            """
            SELECT p.name FROM holdfast_parts p WHERE \(range); SELECT c.label FROM holdfast_claims c \
            LEFT JOIN holdfast_parts p ON p.place = c.place WHERE c.client <> 0 AND p.place IS NULL
            """)
        guard answer.fault == nil else { throw TestFailure("\(answer)") }
        return answer.results.flatMap { $0.rows ?? [] }.compactMap { $0[0] }
    }

    /// Runs a script of `holdfast doctor`, as the `mysql` program does.
    func run(_ script: String) async throws {
        guard script.hasPrefix("DELIMITER $$\n"), script.hasSuffix("DELIMITER ;\n") else {
            throw TestFailure("no script: \(script)")
        }
        let session = try await server.session()
        for statement in script.split(separator: "\n", maxSplits: 1)[1].split(separator: " $$\n").dropLast() {
            let answer = try await session.run(String(statement), within: .seconds(10))
            if let fault = answer.fault { throw TestFailure("\(statement): \(fault)") }
        }
        await session.close()
    }

    /// What a session of its own says.
    func ask(_ text: String) async throws -> MySQLAnswer {
        let session = try await server.session()
        let answer = try await session.run(text, within: .seconds(10))
        await session.close()
        return answer
    }
}

func running<Backend: LockBackend, R: Sendable>(
    _ backends: [Backend], _ body: @escaping @Sendable ([Backend]) async throws -> R
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

extension LockBackend {
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
