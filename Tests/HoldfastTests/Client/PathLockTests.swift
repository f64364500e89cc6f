import Holdfast
import HoldfastTesting
import Testing

@Suite(.timeLimit(.minutes(1))) struct PathLockTests {
    private func withClient<R: Sendable>(
        _ body: @escaping @Sendable (LockClient) async throws -> R
    ) async throws -> R {
        try await LockClient.withClient(backend: MemoryBackend(), body)
    }

    private func nested(
        _ outer: (LockPath, LockPath.Access), _ inner: (LockPath, LockPath.Access),
        _ options: LockOptions = LockOptions()
    ) async throws -> LockError.Code? {
        try await withClient { locks in
            try await locks.withLock(path: outer.0, outer.1) { lease in
                do {
                    try await locks.withLock(path: inner.0, inner.1, options: options) { #expect($0.isHeld) }
                    return nil
                } catch let error as LockError {
                    return error.code
                }
            }
        }
    }

    @Test func `a lock on a path covers what is below, and its lease is named after it`() async throws {
        try await withClient { locks in
            try await locks.withLock(path: "users" / "42") { lease in
                #expect(lease.key == "users/42")
                #expect(lease.parts.map(\.key) == ["users", "users/42"])
            }
            let all = try await locks.acquire(path: "users" / "42")
            let below = try await locks.tryAcquire(path: "users" / "42" / "profile", .shared) == nil
            #expect(below)
            try await all.release()
            let owned = try await locks.acquire(path: "users" / "42" / "profile", .shared)
            let above = try await locks.tryAcquire(path: "users") == nil
            #expect(above)
            let reader = try await locks.tryAcquire(path: "users", .shared) != nil
            #expect(reader)
            try await owned.release()
        }
    }

    @Test func `readers ride on readers above them, and nobody waits for itself`() async throws {
        #expect(try await nested(("a" / "b", .shared), ("a" / "b" / "c", .shared)) == nil)
        #expect(try await nested(("a" / "b", .upgradeable), ("a" / "b", .shared)) == nil)
        #expect(try await nested(("a" / "b", .shared), ("a" / "b" / "c", .exclusive)) == .wouldDeadlock)
        #expect(try await nested(("a" / "b", .exclusive), ("a" / "b" / "c", .shared)) == .wouldDeadlock)
        #expect(try await nested(("a" / "b" / "c", .exclusive), ("a", .shared)) == .wouldDeadlock)
        #expect(try await nested(("a" / "b", .upgradeable), ("a" / "b", .upgradeable)) == .wouldDeadlock)
    }

    @Test func `a reentrant lock enters what is below its path, and nothing beside it`() async throws {
        let reentrant = LockOptions(reentrant: true)
        #expect(try await nested(("a" / "b", .exclusive), ("a" / "b" / "c", .exclusive), reentrant) == nil)
        #expect(try await nested(("a" / "b", .exclusive), ("a" / "b", .shared), reentrant) == nil)
        #expect(try await nested(("a" / "b", .shared), ("a" / "b" / "c", .exclusive), reentrant) == .wouldDeadlock)
        try await withClient { locks in
            try await locks.withLock(path: "a" / "b") { outer in
                try await locks.withLock(path: "a" / "bc", options: reentrant) { #expect($0.token > outer.token) }
                try await locks.withLock(path: "a" / "b" / "c", options: reentrant) { #expect($0.token == outer.token) }
            }
        }
    }

    @Test func `paths of one root nest while the second is free`() async throws {
        #expect(try await nested(("a" / "b", .exclusive), ("a" / "c", .exclusive)) == nil)
        try await withClient { locks in
            let other = try await locks.acquire(path: "a" / "c")
            let error = await #expect(throws: LockError.self) {
                try await locks.withLock(path: "a" / "b") { _ in try await locks.withLock(path: "a" / "c") { _ in } }
            }
            #expect(error?.code == .wouldDeadlock)
            #expect(error?.key == "a/c")
            try await other.release()
        }
    }

    @Test func `a path of depth four takes the calls of a plain key`() async throws {
        let counted = FaultyBackend(MemoryBackend(), seed: 1, plan: .none)
        try await LockClient.withClient(backend: BackendView(counted)) { locks in
            try await locks.withLock("k") { _ in }
            let flat = counted.counts.calls
            try await locks.withLock(path: "a" / "b" / "c" / "d") { _ in }
            #expect(counted.counts.calls == 2 * flat)
        }
    }

    @Test func `a path is refused at the door where the backend has none`() throws {
        var capabilities = MemoryBackend().capabilities
        capabilities.supportsPaths = false
        let claim = try Claim.test(1, LockPath("a" / "b").parts())
        let error = #expect(throws: LockError.self) { try capabilities.admit(claim) }
        #expect(error?.code == .unsupported)
    }

    @Test func `an upgradeable lock's fence is a reader's, and an exclusive one's moves`() throws {
        let fence = FenceGuard()
        let (old, new) = (try #require(FencingToken(rawValue: 1)), try #require(FencingToken(rawValue: 2)))
        try fence.admit(new, mode: .path(.upgradeable))
        try fence.admit(old, mode: .path(.shared))
        try fence.admit(new, mode: .path(.exclusive))
        #expect(throws: LockError.self) { try fence.admit(old, mode: .path(.shared)) }
    }
}
