#if Redis
import Holdfast
import Testing

@testable import HoldfastRedis

@Suite struct ExamineTests {
    @Test func `settings that endanger locks are found, with what to do`() async throws {
        let server = try await RedisServer(config: "maxmemory 100mb", "maxmemory-policy allkeys-lru")
        let findings = try await server.backends { try await $0[0].examine() }
        for subject in ["eviction", "persistence"] {
            let finding = try #require(findings.first { $0.subject == subject })
            #expect(finding.weight == .danger && finding.remedy != nil)
        }
        for subject in ["version", "role", "clock", "layouts"] {
            let finding = try #require(findings.first { $0.subject == subject })
            #expect(finding.weight == .fine, "\(finding)")
        }
    }

    @Test func `a server that is set up well is fine`() async throws {
        let server = try await RedisServer(config: "appendonly yes", "appendfsync always")
        let findings = try await server.backends { try await $0[0].examine() }
        #expect(findings.allSatisfy { $0.weight == .fine }, "\(findings)")
    }

    @Test func `where a failover may come, the class is best effort`() async throws {
        let (server, replica) = (try await RedisServer(), try await RedisServer())
        try await replica.follow(server)
        let findings = try await server.backends { backends in
            let findings = try await backends[0].examine()
            #expect(backends[0].capabilities.guarantee == .bestEffort)
            return findings
        }
        #expect(findings.contains { $0.subject == "failover" })
    }
}
#endif
