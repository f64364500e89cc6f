#if Redis
package import Holdfast
import NIOCore
import Synchronization

extension RedisBackend: BareStore {
    private static let bareClient: UInt64 = 0xba4e
    private static let bareLife: Int64 = 30_000
    private static let barePushLimit: Duration = .seconds(10)

    /// The two scripts of an exclusive claim, called without any bookkeeping.
    package func bareCycle(_ number: UInt64) async throws(LockError) {
        let id = Claim.ID(client: Self.bareClient, sequence: number)
        let name = KeyNames(string: codec.prefix + "bench/bare/\(number)")
        _ = try await call(scripts.place, keys: KeyNames.count, arguments: 5) { written in
            name.append(to: &written)
            written.append(id.description)
            written.append(Self.bareLife)
            written.append(" bare")
            written.append("0")
            written.append("x")
        }
        _ = try await call(scripts.remove, keys: KeyNames.count, arguments: 2) { written in
            name.append(to: &written)
            written.append(id.description)
            written.append("0")
        }
    }

    /// PUBLISH to this client's own channel, until a task has the message.
    package func barePush(_ number: UInt64) async throws(LockError) -> Duration {
        let id = Claim.ID(client: Self.bareClient, sequence: number)
        let waiter = Waiter<Void>()
        ears.bare.withLock { $0[id] = waiter }
        defer { ears.bare.withLock { _ = $0.removeValue(forKey: id) } }
        let outcome = await withTaskGroup(of: Void.self) { group in
            group.addTask {
                // A cancelled sleep is a sleep that is over.
                try? await self.roster.time.sleep(until: self.roster.time.now + Self.barePushLimit)
                waiter.settle(.failure(LockError(.unavailable, "the server published nothing in time")))
            }
            defer { group.cancelAll() }
            let sentAt = roster.time.now
            let outcome = await waiter.outcome {
                link.post(RedisCommand("PUBLISH", "holdfast:" + ears.channel, "b \(id)"))
            }
            let took = roster.time.now - sentAt
            return outcome.map { took }
        }
        return try outcome.get()
    }
}
#endif
