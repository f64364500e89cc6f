#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

@Suite(.timeLimit(.minutes(2))) struct PathTests {
    private let claims = Claims()

    @Test(arguments: LockPath.Access.allCases)
    func `a path four deep takes the round trips of a plain key`(_ access: LockPath.Access) async throws {
        var corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        corner.configuration.servers = [.init(host: "127.0.0.1", port: proxy.port)]
        let path = try LockPath("a" / "b" / "c" / "d").parts(for: access)
        try await corner.backends { [corner] backends in
            func cost(of parts: [Claim.Part]) async throws -> Int {
                let claim = try claims.next(parts)
                let before = proxy.exchanges
                try await backends[0].hold(claim)
                _ = try await backends[0].remove(claim.id)
                return proxy.exchanges - before
            }
            // The first ones make the session and the locks' own nodes. One may be beside a sign of life.
            var costs: [(plain: Int, path: Int)] = []
            for _ in 0..<4 { costs.append(try await (cost(of: [Claim.Part("k")]), cost(of: path))) }
            #expect(costs.map(\.plain).min() == 2 && costs.map(\.path).min() == 2, "\(costs)")
            let left = try await corner.left()
            #expect(left == [])
        }
    }
}
#endif
