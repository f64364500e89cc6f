#if Etcd
import Holdfast
import ServerKit
import Testing

@testable import HoldfastEtcd

/// Owners that give up at any moment, or forget what they have.
@Suite struct AbandonTests {
    @Test func `tasks that are cancelled at any point leave no claim`() async throws {
        let corner = try await Corner()
        try await Abandon.atAnyPoint(try corner.backend()) { try await corner.left() }
    }

    @Test func `a lease that is dropped is removed from the store`() async throws {
        let corner = try await Corner()
        try await Abandon.forgetting(try corner.backend()) { try await corner.left() }
    }
}
#endif
