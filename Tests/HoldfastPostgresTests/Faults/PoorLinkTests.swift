#if Postgres
import Holdfast
import ServerKit
import Testing

@testable import HoldfastPostgres

/// Holders that are cut off, and named locks on connections that break (faults F14-F17); the table's are beside it.
@Suite(.serialized, .timeLimit(.minutes(3))) struct PoorLinkTests {
    /// A reset ends the session at the server: the next holder may be in before the last one has heard of it.
    @Test func `connections that break again and again cost named locks no order and no waiter`() async throws {
        let corner = try await Corner()
        var proxies: [FaultProxy] = []
        for _ in 0..<3 { proxies.append(try await FaultProxy(to: corner.server.port)) }
        let backends = try (proxies.map(\.port) + [corner.server.port]).map { try corner.backend(.named, port: $0) }
        try await Workload.run(backends, witness: corner.named(), mayLose: true) { [proxies] workload in
            try await PoorLinks.trouble(proxies, workload, seed: 1)
        }
    }

    @Test(arguments: [PostgresConfiguration.Locks.named, .table], [true, false])
    func `a holder that is cut off knows it before another holds`(
        _ locks: PostgresConfiguration.Locks, _ losesRequestsToo: Bool
    ) async throws {
        let corner = try await Corner()
        try await CutOff.run(port: corner.server.port, losesRequestsToo: losesRequestsToo) {
            try corner.backend(locks, port: $0)
        }
    }
}

extension Corner {
    /// A backend by another port of the server's, and with little patience.
    fileprivate func backend(_ locks: PostgresConfiguration.Locks, port: Int) throws -> any LockBackend {
        var poor = self
        poor.configuration.endpoints = [.init(host: "127.0.0.1", port: port)]
        poor.configuration.requestTimeout = .milliseconds(500)
        return locks == .named ? try poor.named() : try poor.backend()
    }
}
#endif
