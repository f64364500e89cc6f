#if Redis
import Holdfast
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    @Suite(.timeLimit(.minutes(2))) struct ReplicaTests {
        @Test func `what a live replica has is granted, and a frozen one costs the lease, not the order`() async throws
        {
            let (master, replica) = (try await RedisServer(), try await RedisServer())
            try await replica.follow(master)
            try await master.client {
                $0.durability = .replicas(1, within: .milliseconds(200))
            } _: { client in
                let owned = try await client.acquire("k")
                let lease = owned.lease
                let copy = try replica.command("GET", "lock:k").text
                #expect(copy?.hasPrefix("hf1:\(lease.id):-\(lease.token)") == true, "\(copy as Any)")
                #expect(client.capabilities.guarantee == .bestEffort)
                replica.pause()
                let error = try await lockError {
                    try await client.acquire("other", wait: .upTo(.milliseconds(600))).release()
                }
                #expect(error?.code == .unavailable, "\(error as Any)")
                // Its renewals have too few replicas, too.
                let loss = await lease.whenLost()
                #expect(loss == .expired)
                replica.resume()
                try? await owned.release()
                let next = try await client.acquire("k", wait: .upTo(.seconds(5)))
                #expect(next.lease.token > lease.token)
                let other = try await client.acquire("other", wait: .upTo(.seconds(5)))
                try await other.release()
                try await next.release()
            }
            #expect(try master.keysLeft() == [])
        }
    }
}
#endif
