#if Etcd
import Holdfast
import Testing

@testable import HoldfastEtcd

/// What the doctor says of a cluster.
@Suite struct FindingsTests {
    @Test(arguments: [
        ("2.3.8", true), ("3.3.27", true), ("3.4.0", true), ("3.4.23", true), ("3.4.30", true), ("3.4.31", false),
        ("3.4.31+git", false), ("3.4.100", false), ("3.5.0", true), ("3.5.12", true), ("3.5.12-rc.1", true),
        ("3.5.13", false), ("3.6.0", false), ("4.0.0", false),
    ])
    func `versions that may end leases that are alive are known`(_ version: String, _ hasBug: Bool) {
        #expect(ServerFindings.hasRevocationBug(version) == hasBug)
        let (alone, among) = (
            ServerFindings.version(version, members: 1), ServerFindings.version(version, members: 3)
        )
        #expect(alone.weight == (hasBug ? .notice : .fine) && among.weight == (hasBug ? .danger : .fine))
        #expect(among.text.contains(version))
        #expect(among.remedy?.contains("3.4.31") == (hasBug ? true : nil))
    }

    @Test(arguments: ["", "3.5", "x.y.z", "latest"]) func `others are not taken for good ones`(_ version: String) {
        #expect(ServerFindings.hasRevocationBug(version) == nil)
        #expect(ServerFindings.version(version, members: 3).weight == .notice)
    }

    /// In a cluster of three it is a danger: see ClusterTests.
    @Test func `a lone member is told by its own version`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let version = try await backends[0].link.status().version
            let finding = try #require(try await backends[0].examine().first { $0.subject == "version" })
            #expect(finding == ServerFindings.version(version, members: 1))
            #expect(finding.text.contains(version))
            let hasBug = ServerFindings.hasRevocationBug(version)
            #expect(finding.weight == (hasBug == false ? .fine : .notice))
        }
    }
}
#endif
