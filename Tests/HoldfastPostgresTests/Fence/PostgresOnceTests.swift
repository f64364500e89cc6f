#if Postgres
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastPostgres

/// Messages that come again and again, to sessions that die.
@Suite(.timeLimit(.minutes(1))) struct PostgresOnceTests {
    private static let deliverers = 6
    private static let messages = 60

    /// Where a delivery dies, if it does: by the order of its deliverer and its message.
    private enum Death: Int {
        case beforeItMarks
        case beforeItCommits
        case afterItCommitted
    }

    private final class Seen: Sendable {
        let deaths = Mutex<Set<Death>>([])
    }

    /// Without marks the same deliveries are applied again and again: the deaths and the duplicates are real.
    @Test(arguments: [true, false], ["once", "shop.Once"])
    func `duplicates apply an effect once where a mark commits with it`(_ isMarked: Bool, _ table: String) async throws
    {
        let server = try await PostgresServer()
        try await server.psql("CREATE SCHEMA shop")
        for _ in 0..<2 { try await server.psql(PostgresOnce.table(table)) }
        try await server.psql(
            """
            CREATE TABLE effects AS
            SELECT 'message ' || n AS message, 0 AS times FROM generate_series(1, \(Self.messages)) n
            """)
        let mark = isMarked ? try PostgresOnce.mark(in: table) : nil
        let seen = Seen()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for deliverer in 0..<Self.deliverers {
                group.addTask {
                    for message in 1...Self.messages {
                        var death = Death(rawValue: (deliverer + message) % 5)
                        while try await !Self.delivered(message, to: server, mark, dying: death) {
                            if let death { seen.deaths.withLock { _ = $0.insert(death) } }
                            death = nil
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
        let session = try await server.session()
        let counted = try await session.run(
            PostgresStatement("SELECT min(times), max(times), sum(times) FROM effects"))
        let counts = (counted.rows?.first ?? []).compactMap { $0.flatMap { Int($0) } }
        let deaths = seen.deaths.withLock { $0.count }
        #expect(deaths == 3)
        if isMarked {
            #expect(counts == [1, 1, Self.messages])
        } else {
            #expect(counts.count == 3 && counts[2] > Self.deliverers * Self.messages)
        }
        await session.close()
    }

    /// - Returns: false where the session died, and nobody knows what became of it.
    private static func delivered(
        _ message: Int, to server: PostgresServer, _ mark: String?, dying death: Death?
    ) async throws -> Bool {
        let session = try await server.session()
        let end = PostgresStatement("SELECT pg_terminate_backend(pg_backend_pid())")
        let effect = PostgresStatement(
            "UPDATE effects SET times = times + 1 WHERE message = $1", ["message \(message)"])
        let (begin, commit) = (PostgresStatement("BEGIN"), PostgresStatement("COMMIT"))
        guard try await rows(death == .beforeItMarks ? [begin, end] : [begin], session) != nil else { return false }
        if let mark {
            guard let marked = try await rows([PostgresStatement(mark, ["order-\(message)"])], session) else {
                return false
            }
            guard marked == 1 else {
                await session.close()
                return true
            }
        }
        guard try await rows(death == .beforeItCommits ? [effect, end] : [effect], session) != nil,
            try await rows(death == .afterItCommitted ? [commit, end] : [commit], session) != nil
        else { return false }
        await session.close()
        return true
    }

    /// - Returns: how many the first statement gave; `nil` where the session has died.
    private static func rows(_ statements: [PostgresStatement], _ session: PostgresSession) async throws -> Int? {
        guard let results = try? await session.run(statements) else { return nil }
        for case .failed(let fault) in results {
            guard fault.state == "57P01" else { throw TestFailure("\(fault)") }
            return nil
        }
        return results.first?.rows?.count
    }

    @Test func `marks are forgotten when they are old, so many at a time`() async throws {
        let server = try await PostgresServer()
        try await server.psql(PostgresOnce.table())
        try await server.psql(
            "INSERT INTO once SELECT n::text, now() - n * interval '1 h' FROM generate_series(1, 100) n")
        let session = try await server.session()
        let forget = PostgresStatement(try PostgresOnce.forget(), ["50.5 h", "20"])
        for left in [80, 60, 50, 50] {
            guard case .rows = try await session.run(forget) else { throw TestFailure("not forgotten") }
            #expect(try await session.run(PostgresStatement("SELECT count(*) FROM once")).first == "\(left)")
        }
        await session.close()
    }

    @Test(arguments: ["a;b", "a.b.c", "", "é", String(repeating: "x", count: 64)])
    func `names that are none are refused`(_ table: String) {
        for make in [PostgresOnce.table, { try PostgresOnce.mark(in: $0) }, { try PostgresOnce.forget(in: $0) }] {
            let error = #expect(throws: LockError.self) { _ = try make(table) }
            #expect(error?.code == .invalidArgument)
        }
    }
}
#endif
