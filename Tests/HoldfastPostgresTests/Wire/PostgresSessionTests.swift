#if Postgres
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastPostgres

@Suite(.serialized, .timeLimit(.minutes(1))) struct PostgresSessionTests {
    @Test func `a batch is one transaction, and each answer is in its place`() async throws {
        let server = try await PostgresServer()
        let session = try await server.session()
        let made = try await session.run([
            PostgresStatement("CREATE TABLE t (a int, b text)"),
            PostgresStatement("INSERT INTO t VALUES (1, $1)", ["é\n'"]),
            PostgresStatement("SELECT a, b, NULL FROM t"),
        ])
        #expect(made == [.rows([]), .rows([]), .rows([["1", "é\n'", nil]])])
        let failed = try await session.run([
            PostgresStatement("INSERT INTO t VALUES (2, 'x')"), PostgresStatement("SELECT 1/0"),
            PostgresStatement("SELECT 3"),
        ])
        #expect(failed[0] == .rows([]) && failed[2] == .skipped)
        guard case .failed(let fault) = failed[1] else { throw TestFailure("\(failed[1])") }
        #expect(fault.state == "22012")
        #expect(try await session.run(PostgresStatement("SELECT count(*) FROM t")).first == "1")
        await session.close()
    }

    @Test func `many tasks share a session, and each has its own answer`() async throws {
        let server = try await PostgresServer()
        let session = try await server.session()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask { () async throws in
                    for round in 0..<20 {
                        let text = "\(number)/\(round)"
                        let answer = try await session.run(PostgresStatement("SELECT $1::text", [text]))
                        #expect(answer.first == text)
                    }
                }
            }
            try await group.waitForAll()
        }
        await session.close()
    }

    @Test func `what comes again and again is kept parsed, and an emptied session goes on without`() async throws {
        let server = try await PostgresServer()
        let session = try await server.session()
        let kept = PostgresStatement("SELECT $1::int + n FROM numbers", ["1"], isKept: true)
        let missing = try await session.run(kept)
        guard case .failed(let fault) = missing else { throw TestFailure("\(missing)") }
        #expect(fault.isMissing)
        _ = try await session.run(PostgresStatement("CREATE TABLE numbers AS SELECT 1 AS n"))
        let names = PostgresStatement("SELECT count(*) FROM pg_prepared_statements")
        for _ in 0..<3 {
            #expect(try await session.run([kept, kept]) == [.rows([["2"]]), .rows([["2"]])])
            #expect(try await session.run(names).first == "1")
        }
        // What a failed batch prepared may be gone or there: either way it is told apart.
        let other = PostgresStatement("SELECT 2 FROM numbers", isKept: true)
        _ = try await session.run([PostgresStatement("SELECT 1/0"), other])
        #expect(try await session.run(other).first == "2")
        _ = try await session.run(PostgresStatement("DISCARD ALL"))
        let lost = try await session.run(kept)
        guard case .failed(let loss) = lost else { throw TestFailure("\(lost)") }
        #expect(loss.isTransient)
        #expect(try await session.run(kept).first == "2")
        #expect(try await session.run(names).first == "0")
        await session.close()
    }

    @Test func `no more than a stated number of texts is kept`() async throws {
        let server = try await PostgresServer()
        let session = try await server.session()
        for number in 0..<100 {
            let text = PostgresStatement("SELECT \(number)", isKept: true)
            #expect(try await session.run(text).first == "\(number)")
        }
        let names = PostgresStatement("SELECT count(*) FROM pg_prepared_statements")
        #expect(try await session.run(names).first == "\(KeptStatements.limit)")
        await session.close()
    }

    @Test func `one session's wait for a lock holds up no other session`() async throws {
        let server = try await PostgresServer()
        let (one, other, third) = (try await server.session(), try await server.session(), try await server.session())
        _ = try await one.run(PostgresStatement("SELECT pg_advisory_lock(1)"))
        async let waiting = other.run(PostgresStatement("SELECT pg_advisory_lock(1)"))
        try await eventually("the other waits") {
            try await third.run(PostgresStatement("SELECT count(*) FROM pg_locks WHERE NOT granted")).first == "1"
        }
        #expect(try await one.run(PostgresStatement("SELECT pg_advisory_unlock(1)")).first == "t")
        #expect(try await waiting == .rows([[""]]))
        for session in [one, other, third] { await session.close() }
    }

    @Test func `a notification is heard`() async throws {
        let server = try await PostgresServer()
        let box = Heard()
        let listener = try await server.session { channel, payload in box.add("\(channel) \(payload)") }
        _ = try await listener.run(PostgresStatement("LISTEN bell"))
        let ringer = try await server.session()
        _ = try await ringer.run(PostgresStatement("SELECT pg_notify('bell', 'x y')"))
        try await eventually("it is heard") { box.all == ["bell x y"] }
        await listener.close()
        await ringer.close()
    }

    @Test func `a server that dies fails what is under way, and the session`() async throws {
        let server = try await PostgresServer()
        let session = try await server.session()
        async let slow = failure { () throws(LockError) in
            try await session.run(PostgresStatement("SELECT pg_sleep(30)"))
        }
        async let end = session.whenClosed()
        let watcher = try await server.session()
        try await eventually("it sleeps") {
            try await watcher.run(
                PostgresStatement("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
            ).first == "1"
        }
        server.kill()
        #expect(await slow?.code == .unavailable)
        #expect(await end.code == .unavailable)
        await #expect(throws: LockError.self) { try await session.run(PostgresStatement("SELECT 1")) }
    }

    @Test func `nobody there is unavailable, a wrong user is denied`() async throws {
        let port = try FreePort.find()
        let nobody = try PostgresSession(
            [("host", "127.0.0.1"), ("port", "\(port)")], target: "postgres://127.0.0.1:\(port)")
        let refused = await #expect(throws: LockError.self) { try await nobody.connect() }
        #expect(refused?.code == .unavailable)
        let server = try await PostgresServer()
        let stranger = try PostgresSession(
            server.parameters.map { ($0.0, $0.0 == "user" ? "stranger" : $0.1) }, target: "there")
        let denied = await #expect(throws: LockError.self) { try await stranger.connect() }
        #expect(denied?.code == .denied)
    }

    @Test(arguments: [
        ("FATAL: 28P01: Passwort-Authentifizierung fehlgeschlagen LOCATION: auth_failed, auth.c:335", true),
        ("FATAL: 3D000: database \"x\" does not exist LOCATION: InitPostgres, postinit.c:937", true),
        ("FATAL: 53300: sorry, too many clients already LOCATION: x", false),
        ("FATAL: 57P03: the database system is starting up", false),
        ("connection to server at \"h\" (::1), port 5432 failed: Connection refused", false),
        ("SSL error: certificate verify failed", true),
    ])
    func `why nobody was greeted is told by the code, in any language`(_ message: String, _ isDenied: Bool) {
        let error = Greeting.failure(message, wantsPassword: false, "there")
        #expect(error.code == (isDenied ? .denied : .unavailable))
        #expect(!error.message.contains("LOCATION"))
    }

    private final class Heard: Sendable {
        private let state = Mutex<[String]>([])
        var all: [String] { state.withLock { $0 } }
        func add(_ text: String) { state.withLock { $0.append(text) } }
    }
}
#endif
