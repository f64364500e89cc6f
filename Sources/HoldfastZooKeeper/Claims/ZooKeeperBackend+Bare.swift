#if ZooKeeper
package import Holdfast

extension ZooKeeperBackend: BareStore {
    private static let bareLife: Duration = .seconds(30)

    /// A creation and a deletion, without any bookkeeping.
    package func bareCycle(_ number: UInt64) async throws(LockError) {
        try await bare(number) { session, start throws(ZooKeeperError) in
            let path = try await session.create(start, .ephemeralSequential).path
            try await session.delete(path)
        }
    }

    /// A deletion, until the event of a watch that waits for it has come to a task.
    package func barePush(_ number: UInt64) async throws(LockError) -> Duration {
        try await bare(number) { session, start throws(ZooKeeperError) in
            let path = try await session.create(start, .ephemeralSequential).path
            let watch = try await session.watchData(path).watch
            let start = ContinuousClock.now
            async let heard = Self.heard(watch)
            try await session.delete(path)
            guard let at = await heard else { throw .failed(Roster.unexpected) }
            return at - start
        }
    }

    private static func heard(_ watch: Watch) async -> ContinuousClock.Instant? {
        await watch.event() == .deleted ? .now : nil
    }

    private func bare<R>(
        _ number: UInt64, _ body: (ZooKeeperSession, String) async throws(ZooKeeperError) -> R
    ) async throws(LockError) -> R {
        let (life, session) = try await session(for: Self.bareLife)
        defer { lives.release([life]) }
        let parent = try codec.parent(of: LockKey(unchecked: "bench/bare/\(number)"))
        do throws(ZooKeeperError) {
            do throws(ZooKeeperError) {
                return try await body(session, parent + "/lock-")
            } catch {
                guard error.fault == .noNode else { throw error }
                try await makeParent(parent, session)
                return try await body(session, parent + "/lock-")
            }
        } catch {
            throw error.lockError
        }
    }
}
#endif
