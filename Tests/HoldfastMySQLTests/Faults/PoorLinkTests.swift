#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Clients on connections that break, of a server that is restarted, and of one that has no room (faults F14-F17, F48).
@Suite(.serialized, .timeLimit(.minutes(3))) struct PoorLinkTests {
    private let claims = Claims()

    @Test(arguments: [1, 2] as [UInt64])
    func `connections that break again and again cost the table no exclusion`(_ seed: UInt64) async throws {
        let corner = try await Corner(nil, .table)
        try await trouble(corner, seed: seed, mayLose: false)
        try await eventually("nothing is left") { try await corner.left() == [] }
    }

    /// A reset ends the session at the server: the next holder may be in before the last one has heard of it.
    @Test func `connections that break again and again cost named locks no order and no waiter`() async throws {
        try await trouble(Corner(), seed: 1, mayLose: true)
    }

    private func trouble(_ corner: Corner, seed: UInt64, mayLose: Bool) async throws {
        var proxies: [FaultProxy] = []
        for _ in 0..<3 { proxies.append(try await FaultProxy(to: corner.server.port)) }
        let backends = try (proxies.map(\.port) + [corner.server.port]).map { try corner.backend(port: $0) }
        try await Workload.run(backends, witness: corner.backend(), mayLose: mayLose) { [proxies] workload in
            try await PoorLinks.trouble(proxies, workload, seed: seed)
        }
    }

    @Test func `a server that is killed and started again costs the table no exclusion`() async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server, .table)
        let backends = try (0..<3).map { _ in try corner.backend() }
        try await Workload.run(backends, witness: corner.backend()) { workload in
            for _ in 0..<3 {
                server.kill()
                try await server.start()
                try await workload.progress("after its start")
            }
        }
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table], [true, false])
    func `a holder that is cut off knows it before another holds`(
        _ locks: MySQLConfiguration.Locks, _ losesRequestsToo: Bool
    ) async throws {
        let corner = try await Corner(nil, locks)
        try await CutOff.run(port: corner.server.port, losesRequestsToo: losesRequestsToo) {
            try corner.backend(port: $0)
        }
    }

    @Test func `a server without a session to spare says so, and what is held stays`() async throws {
        let server = try await MySQLServer("--max-connections=6")
        let corner = try await Corner(server)
        try await corner.named(2) { backends in
            let held = try claims.next("k")
            try await backends[0].hold(held)
            var others: [MySQLSession] = []
            while let session = try? await server.session() { others.append(session) }
            let next = try claims.next("l")
            let refusal = await failure { () throws(LockError) in try await backends[1].place(next, .ifFree) }
            #expect(
                refusal?.code == .unavailable && refusal?.message.contains("max_connections") == true,
                "\(refusal as Any)")
            #expect(try await backends[0].extend([held.id], for: .seconds(30)).gone.isEmpty)
            for session in others { await session.close() }
            try await eventually("there is room again") {
                let later = try claims.next("l")
                let placed = await result { () throws(LockError) in try await backends[1].place(later, .ifFree) }
                return (try? placed.get())?.token != nil
            }
            let busy = try await backends[1].place(claims.next("k"), .ifFree)
            #expect(busy == .refused)
        }
    }
}

extension Corner {
    /// A backend by another port of the server's, and with little patience.
    fileprivate func backend(port: Int) throws -> any LockBackend {
        var poor = self
        poor.configuration.endpoints = [.init(host: "127.0.0.1", port: port)]
        poor.configuration.requestTimeout = .milliseconds(500)
        return try poor.backend()
    }

    fileprivate func backend() throws -> any LockBackend {
        configuration.locks == .named ? try named() : try table()
    }
}

private func result<R>(of body: () async throws(LockError) -> R) async -> Result<R, LockError> {
    do throws(LockError) { return .success(try await body()) } catch { return .failure(error) }
}
#endif
