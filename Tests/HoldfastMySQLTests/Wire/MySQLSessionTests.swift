#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

@Suite(.serialized, .timeLimit(.minutes(1))) struct MySQLSessionTests {
    private static let limit: Duration = .seconds(10)

    @Test func `statements that are sent together answer in turn, up to the first that fails`() async throws {
        let server = try await MySQLServer()
        let session = try await server.session()
        let made = try await session.run(
            "CREATE TABLE t (a int, b text); INSERT INTO t VALUES (1, \(SQLText.quoted("é\n'\\"))); "
                + "SELECT a, b, NULL FROM t",
            within: Self.limit)
        #expect(made.fault == nil)
        #expect(
            made.results == [
                .done(changed: 0, insertID: 0), .done(changed: 1, insertID: 0), .rows([["1", "é\n'\\", nil]]),
            ])
        let failed = try await session.run("SELECT 7; SELECT * FROM nowhere; SELECT 8", within: Self.limit)
        #expect(failed.results == [.rows([["7"]])])
        #expect(failed.fault?.number == 1146)
        let after = try await session.run("SELECT 9", within: Self.limit)
        #expect(after.results.first?.first == "9")
        await session.close()
    }

    @Test func `many tasks share a session, and each has its own answer`() async throws {
        let server = try await MySQLServer()
        let session = try await server.session()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask { () async throws in
                    for round in 0..<20 {
                        let text = "\(number)/\(round)"
                        let answer = try await session.run("SELECT '\(text)'; SELECT 1", within: Self.limit)
                        #expect(answer.results.first?.first == text)
                    }
                }
            }
            try await group.waitForAll()
        }
        // Much of both, more than a socket takes at once.
        let long = String(repeating: "x", count: 3_000_000)
        let echoed = try await session.run("SELECT '\(long)'", within: Self.limit)
        #expect(echoed.results.first?.first == long)
        await session.close()
    }

    @Test func `one session's wait for a lock holds up no other session`() async throws {
        let server = try await MySQLServer()
        let (one, other, third) = (try await server.session(), try await server.session(), try await server.session())
        _ = try await one.run("SELECT GET_LOCK('l', 0)", within: Self.limit)
        async let waiting = other.run("SELECT GET_LOCK('l', 1000)", within: nil)
        try await eventually("the other waits") {
            let list = "SELECT count(*) FROM information_schema.processlist WHERE state = 'User lock'"
            return try await third.run(list, within: Self.limit).results.first?.first == "1"
        }
        let released = try await one.run("SELECT RELEASE_LOCK('l')", within: Self.limit)
        #expect(released.results.first?.first == "1")
        let got = try await waiting
        #expect(got.results == [.rows([["1"]])])
        for session in [one, other, third] { await session.close() }
    }

    @Test func `a server that dies fails what is under way, and the session`() async throws {
        let server = try await MySQLServer()
        let session = try await server.session()
        let watcher = try await server.session()
        async let slow = failure { () throws(LockError) in try await session.run("SELECT SLEEP(30)", within: nil) }
        async let end = session.whenClosed()
        async let idleEnd = watcher.whenClosed()
        try await eventually("it sleeps") {
            let list = "SELECT count(*) FROM information_schema.processlist WHERE state = 'User sleep'"
            return try await watcher.run(list, within: Self.limit).results.first?.first == "1"
        }
        server.kill()
        #expect(await slow?.code == .unavailable)
        #expect(await end.code == .unavailable)
        #expect(await idleEnd.code == .unavailable)
        let late = await failure { () throws(LockError) in try await session.run("SELECT 1", within: Self.limit) }
        #expect(late?.wasNeverSent == true)
    }

    @Test func `a request that takes too long ends the session`() async throws {
        let server = try await MySQLServer()
        let session = try await server.session()
        let late = await failure { () throws(LockError) in
            try await session.run("SELECT SLEEP(30)", within: .milliseconds(100))
        }
        #expect(late?.code == .unavailable)
        let isOpen = await session.isOpen
        #expect(!isOpen)
    }

    @Test func `nobody there is unavailable, a wrong user is denied`() async throws {
        let port = try FreePort.find()
        let nobody = MySQLConfiguration(host: "127.0.0.1", port: port, database: "test")
        let refused = await failure { () throws(LockError) in try await MySQLDialer(configuration: nobody).open() }
        #expect(refused?.code == .unavailable)
        let server = try await MySQLServer()
        var stranger = server.configuration
        stranger.credentials = .init(user: "stranger", password: "x")
        let strange = stranger
        let denied = await failure { () throws(LockError) in try await MySQLDialer(configuration: strange).open() }
        #expect(denied?.code == .denied)
        var unix = server.configuration
        unix.endpoints = [.init(host: server.socket)]
        let session = try await MySQLDialer(configuration: unix).open().session
        let user = try await session.run("SELECT CURRENT_USER()", within: Self.limit)
        #expect(user.results.first?.first == "root@localhost")
        await session.close()
    }
}
#endif
