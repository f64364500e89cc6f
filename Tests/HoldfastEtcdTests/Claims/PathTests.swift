#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

@Suite(.timeLimit(.minutes(2))) struct PathTests {
    private let claims = Claims()

    @Test(arguments: LockPath.Access.allCases)
    func `a path four deep takes the requests of a plain key`(_ access: LockPath.Access) async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            func cost(of parts: [Claim.Part]) async throws -> Int {
                let claim = try claims.next(parts)
                let before = backends[0].link.requestsSent.all
                try await backends[0].hold(claim)
                _ = try await backends[0].remove(claim.id)
                return backends[0].link.requestsSent.all - before
            }
            let path = try LockPath("a" / "b" / "c" / "d").parts(for: access)
            // The first ones make the lease.
            _ = try await (cost(of: [Claim.Part("k")]), cost(of: path))
            let costs = try await (plain: cost(of: [Claim.Part("k")]), path: cost(of: path))
            #expect(costs == (2, 2))
            let left = try await corner.left()
            #expect(left == [])
        }
    }
}
#endif
