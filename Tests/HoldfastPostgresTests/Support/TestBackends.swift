#if Postgres
import Holdfast
import ServerKit
import Synchronization

@testable import HoldfastPostgres

/// One server for all tests that leave it as it is: each has a prefix of its own.
enum SharedServer {
    private static let starting = Task { try await PostgresServer(config: "max_connections = 300") }

    static func get() async throws -> PostgresServer { try await starting.value }
}

/// Part of a server's keys, for one test.
struct Corner: Sendable {
    private static let next = Atomic(0)
    let server: PostgresServer
    var configuration: PostgresConfiguration

    /// On the shared server, unless another is given.
    init(_ server: PostgresServer? = nil) async throws {
        self.server = if let server { server } else { try await SharedServer.get() }
        configuration = self.server.configuration
        configuration.locks = .table
        configuration.prefix = "corner\(Self.next.wrappingAdd(1, ordering: .relaxed).newValue)/"
    }

    func backend(_ bounds: PostgresBounds = PostgresBounds()) throws -> TableBackend {
        try TableBackend(configuration, logger: nil, bounds: bounds)
    }

    func named(_ bounds: PostgresBounds = PostgresBounds()) throws -> NamedBackend {
        try NamedBackend(namedConfiguration, logger: nil, bounds: bounds)
    }

    var namedConfiguration: PostgresConfiguration {
        var configuration = configuration
        configuration.locks = .named
        configuration.connections = 8
        return configuration
    }

    /// Backends, running around `body`: each stands for a process.
    func named<R: Sendable>(
        _ count: Int, _ body: @escaping @Sendable ([NamedBackend]) async throws -> R
    ) async throws -> R {
        try await TableBackend.running((0..<count).map { _ in try named() }, body)
    }

    /// The same of the table's.
    func backends<R: Sendable>(
        _ count: Int = 1, bounds: PostgresBounds = PostgresBounds(),
        _ body: @escaping @Sendable ([TableBackend]) async throws -> R
    ) async throws -> R {
        try await TableBackend.running((0..<count).map { _ in try backend(bounds) }, body)
    }

    /// The first column of what the superuser is answered.
    func ask(_ text: String) async throws -> [String?] {
        let session = try await server.session()
        let answer = try await session.run(PostgresStatement(text))
        await session.close()
        guard let rows = answer.rows else { throw TestFailure("\(text): \(answer)") }
        return rows.map { $0.first ?? nil }
    }

    /// What is left of this corner in the tables.
    func left() async throws -> [String] {
        let session = try await server.session()
        let text = PostgresStatement(
            """
            SELECT convert_from(p.key, 'UTF8') FROM \(configuration.schema).parts p WHERE p.key >= $1::bytea
            AND p.key < $1::bytea || '\\xff'::bytea UNION ALL
            SELECT 'claim ' || convert_from(k, 'UTF8') FROM \(configuration.schema).claims c, unnest(c.keys) k
            WHERE k >= $1::bytea AND k < $1::bytea || '\\xff'::bytea
            """, ["\\x" + ArrayText.hexadecimal(configuration.prefix.utf8)])
        let answer = try await session.run(text)
        await session.close()
        guard let rows = answer.rows else { throw TestFailure("\(answer)") }
        return rows.compactMap { $0[0] }
    }
}

extension PostgresServer {
    /// The server's superuser, without a password or encryption.
    var configuration: PostgresConfiguration {
        var configuration = PostgresConfiguration(host: "127.0.0.1", port: port, database: "postgres")
        configuration.credentials = .init(user: "postgres")
        configuration.connections = 4
        return configuration
    }
}

extension TableBackend {
    static func running<Backend: LockBackend, R: Sendable>(
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
}

extension LockBackend {
    /// Asks until the server that was gone is back.
    func placeWhenBack(_ claim: Claim, _ condition: PlaceCondition = .always) async throws -> Placement {
        let end = ContinuousClock.now + .seconds(20)
        while true {
            do throws(LockError) {
                return try await place(claim, condition)
            } catch {
                guard error.code == .unavailable, ContinuousClock.now < end else { throw error }
            }
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

/// What a call fails with.
func failure<R>(of body: () async throws(LockError) -> R) async -> LockError? {
    do throws(LockError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
#endif
