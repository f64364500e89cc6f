/// How often one looks at a store that cannot tell of changes: often at first, then more seldom, never less than a
/// bound.
struct Pace: Sendable {
    static let shortest: Duration = .milliseconds(20)
    static let longest: Duration = .seconds(1)

    private var pause = Self.shortest

    /// How long to wait before the next look: half as long again as the last time.
    mutating func next() -> Duration {
        defer { pause = min(Self.longest, pause + pause / 2) }
        return pause
    }
}

extension LockClient {
    /// Waits for between half of `pause` and all of it, so that many do not look at once.
    func sleep(for pause: Duration, until limit: Duration? = nil) async throws(LockError) {
        let at = time.now + jitter(pause)
        do {
            try await time.sleep(until: min(at, limit ?? at))
        } catch {
            throw LockError(.cancelled, "the task was cancelled")
        }
    }

    /// The door for what is decided by listings.
    func admitListing() throws(LockError) {
        guard capabilities.supportsListing else {
            throw capabilities.unsupported("cannot list its claims")
        }
    }

    /// The claims on one key, in queue order. One listing.
    func queue(of key: LockKey, limit: Int) async throws(LockError) -> [ClaimRecord] {
        try key.validate()
        try admitListing()
        return try await backend.claims(on: key, limit: limit)
    }

    /// What a request answers, or that it was not answered in time.
    func answer<R: Sendable>(
        until limit: Duration, _ request: @escaping @Sendable () async throws(LockError) -> R
    ) async throws(LockError) -> R {
        let result = await withTaskGroup(of: Result<R, LockError>.self) { group in
            group.addTask {
                do throws(LockError) { return .success(try await request()) } catch { return .failure(error) }
            }
            group.addTask {
                // A cancelled sleep is a sleep that is over: the answer was first.
                try? await self.time.sleep(until: limit)
                return .failure(LockError(.unavailable, "the store did not answer in time"))
            }
            defer { group.cancelAll() }
            return await group.next() ?? .failure(LockError(.cancelled, "the task was cancelled"))
        }
        return try result.get()
    }
}
