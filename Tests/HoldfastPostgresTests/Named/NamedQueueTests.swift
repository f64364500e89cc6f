#if Postgres
import Holdfast
import HoldfastSQL
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Many waiters on few sessions, readers and writers, waits that are given up, other programs' locks.
@Suite(.serialized, .timeLimit(.minutes(2))) struct NamedQueueTests {
    private let claims = Claims()

    private func sessions(_ corner: Corner) async throws -> Int {
        let text = "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'holdfast'"
        return try await corner.ask(text).first.flatMap { $0 }.flatMap { Int($0) } ?? 0
    }

    @Test func `a thousand waiters on one key need one session that waits`() async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.named(2) { backends in
            let holder = try claims.next("k")
            try await backends[0].hold(holder)
            let waiters = try (0..<1000).map { _ in try claims.next("k") }
            for waiter in waiters { try await backends[1].wait(waiter) }
            let count = try await sessions(corner)
            // For each client one that gives orders and one that tries; and the one that waits.
            #expect(count <= 5)
            _ = try await backends[0].remove(holder.id)
            var tokens: [FencingToken] = []
            for waiter in waiters {
                tokens.append(try await backends[1].grant(of: waiter.id).token)
                let removal = try await backends[1].remove(waiter.id)
                #expect(removal == .removed)
            }
            #expect(tokens == tokens.sorted() && Set(tokens).count == tokens.count)
            let left = try await corner.processes("k", isGranted: false)
            #expect(left == [])
        }
    }

    @Test func `fifty keys of others are awaited on eight sessions`() async throws {
        let corner = try await Corner(PostgresServer())
        try await corner.named(2) { backends in
            let holders = try (0..<50).map { try claims.next("k\($0)") }
            let waiters = try (0..<50).map { try claims.next("k\($0)") }
            for holder in holders { try await backends[0].hold(holder) }
            for waiter in waiters { try await backends[1].wait(waiter) }
            let count = try await sessions(corner)
            #expect(count <= 2 * 9)
            // In another order than they came.
            for index in (0..<50).reversed() {
                _ = try await backends[0].remove(holders[index].id)
                _ = try await backends[1].grant(of: waiters[index].id)
            }
            for waiter in waiters { _ = try await backends[1].remove(waiter.id) }
            for holder in holders {
                let placement = try await backends[0].place(claims.next(holder.parts[0].key), .ifFree)
                #expect(placement.token != nil)
            }
        }
    }

    @Test func `a wait that is given up is broken off at the server, and its session waits for the next`() async throws
    {
        let corner = try await Corner()
        try await corner.named(2) { backends in
            let holder = try claims.next("k")
            try await backends[0].hold(holder)
            for round in 0..<10 {
                let waiter = try claims.next("k")
                try await backends[1].wait(waiter)
                if round.isMultiple(of: 2) {
                    try await eventually("it waits") { try await corner.processes("k", isGranted: false).count == 1 }
                }
                let removal = try await backends[1].remove(waiter.id)
                #expect(removal == .removed)
                if round < 8 {
                    try await eventually("nobody waits") { try await corner.processes("k", isGranted: false).isEmpty }
                }
            }
            _ = try await backends[0].remove(holder.id)
            let next = try claims.next("k")
            if case .waiting = try await backends[1].place(next, .always) {
                _ = try await backends[1].grant(of: next.id)
            }
        }
    }

    @Test func `readers of one client share, a writer waits for all, and later readers for it`() async throws {
        let corner = try await Corner()
        try await corner.named(2) { backends in
            let readers = try (0..<4).map { _ in try claims.next("k", .shared) }
            for reader in readers { try await backends[0].hold(reader) }
            let writer = try claims.next("k")
            try await backends[1].wait(writer)
            try await eventually("it waits") { try await corner.processes("k", isGranted: false).count == 1 }
            let late = try claims.next("k", .shared)
            try await backends[0].wait(late)
            let refused = try await backends[0].place(claims.next("k", .shared), .ifFree)
            #expect(refused == .refused)
            for reader in readers { _ = try await backends[0].remove(reader.id) }
            _ = try await backends[1].grant(of: writer.id)
            let held = try await corner.processes("k", isGranted: true)
            #expect(held.count == 1)
            _ = try await backends[1].remove(writer.id)
            _ = try await backends[0].grant(of: late.id)
            _ = try await backends[0].remove(late.id)
            try await backends[1].hold(claims.next("k"))
        }
    }

    @Test func `a writer that gives up lets the readers behind it in`() async throws {
        let corner = try await Corner()
        try await corner.named(1) { backends in
            let (reader, writer) = (try claims.next("k", .shared), try claims.next("k"))
            let late = try (0..<3).map { _ in try claims.next("k", .shared) }
            try await backends[0].hold(reader)
            try await backends[0].wait(writer)
            for claim in late { try await backends[0].wait(claim) }
            _ = try await backends[0].remove(writer.id)
            for claim in late { _ = try await backends[0].grant(of: claim.id) }
            let held = try await corner.processes("k", isGranted: true)
            #expect(held.count == 4)
        }
    }

    @Test func `more readers than sessions wait, or are told why`() async throws {
        let corner = try await Corner()
        try await corner.named(1) { backends in
            var readers: [Claim] = []
            var waiting: Claim?
            while waiting == nil {
                let reader = try claims.next("k", .shared)
                switch try await backends[0].place(reader, .always) {
                case .held: readers.append(reader)
                default: waiting = reader
                }
                try #require(readers.count < 20)
            }
            #expect(readers.count >= 5)
            let error = await failure { () throws(LockError) in
                try await backends[0].place(try claims.next("k", .shared), .ifFree)
            }
            // Behind the one that waits, it is refused; the bound itself is named where nobody waits.
            #expect(error == nil)
            let last = try #require(waiting)
            _ = try await backends[0].remove(last.id)
            let bound = try claims.next("k", .shared)
            let named = await failure { () throws(LockError) in try await backends[0].place(bound, .ifFree) }
            #expect(named?.code == .limitExceeded && named?.message.contains("connections=") == true)
            for reader in readers { _ = try await backends[0].remove(reader.id) }
            try await backends[0].hold(claims.next("k"))
        }
    }

    @Test(arguments: PostgresConfiguration.KeyFunction.allCases)
    func `another program's lock of the same name excludes ours, and ours its`(
        _ keys: PostgresConfiguration.KeyFunction
    ) async throws {
        var corner = try await Corner()
        corner.configuration.keys = keys
        corner.configuration.prefix = ""
        let names: [PostgresConfiguration.KeyFunction: LockKey] = [
            .golangMigrate: "database/schema/table", .number: "-42", .goodJob: "good_jobs-1", .flyway: #""s"."t""#,
        ]
        let key = names[keys] ?? LockKey(unchecked: "name of \(keys)")
        let lock = try corner.advisory(key)
        try await corner.named(1) { [server = corner.server] backends in
            let other = try await server.session()
            let theirs = try await other.run(PostgresStatement("SELECT pg_try_advisory_lock(\(lock))"))
            #expect(theirs.first == "t")
            let refused = try await backends[0].place(claims.next(key), .ifFree)
            #expect(refused == .refused)
            let waiter = try claims.next(key)
            try await backends[0].wait(waiter)
            _ = try await other.run(PostgresStatement("SELECT pg_advisory_unlock(\(lock))"))
            _ = try await backends[0].grant(of: waiter.id)
            let mine = try await other.run(PostgresStatement("SELECT pg_try_advisory_lock(\(lock))"))
            #expect(mine.first == "f")
            await other.close()
        }
    }

    @Test func `permits and several keys are refused at the door`() async throws {
        let corner = try await Corner()
        try await corner.named(1) { backends in
            let permit = try claims.next("k", .permits(1, of: 2))
            let two = try claims.next([Claim.Part("a"), Claim.Part("b")])
            for claim in [permit, two] {
                let error = await failure { () throws(LockError) in try await backends[0].place(claim, .always) }
                #expect(error?.code == .unsupported && error?.message.contains("locks=table") == true)
            }
        }
    }

    @Test func `a circle of waits is broken by the server, and named so`() async throws {
        let corner = try await Corner(PostgresServer(config: "deadlock_timeout = 100"))
        let (one, other) = (try await corner.server.session(), try await corner.server.session())
        _ = try await one.run(PostgresStatement("SELECT pg_advisory_lock(1)"))
        _ = try await other.run(PostgresStatement("SELECT pg_advisory_lock(2)"))
        async let waiting = last(one, "SELECT pg_advisory_lock(2)")
        async let circle = last(other, "SELECT pg_advisory_lock(1)")
        // Whichever the server chooses.
        let faults = try await [waiting, circle].compactMap { answer -> PostgresFault? in
            if case .failed(let fault) = answer { fault } else { nil }
        }
        #expect(faults.map { $0.named("there").error.code } == [.deadlock])
    }

    /// What it has is free afterwards.
    private func last(_ session: PostgresSession, _ text: String) async throws -> PostgresResult {
        let answer = try await session.run(PostgresStatement(text))
        await session.close()
        return answer
    }
}
#endif
