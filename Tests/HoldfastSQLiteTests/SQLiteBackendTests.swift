#if SQLite
import Foundation
import Holdfast
import HoldfastSQLite
import Testing

@Suite(.timeLimit(.minutes(2))) struct SQLiteBackendTests {
    @Test func `tokens go on rising where the store was deleted`() async throws {
        let store = try TestStore()
        var last = FencingToken(rawValue: 1)
        for _ in 0..<3 {
            let backend = try SQLiteBackend(path: store.path)
            let token = try await backend.place(.test(1, "a"), .always).token
            #expect(try #require(token) > (try #require(last)))
            last = token
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: store.path + suffix) }
        }
    }

    @Test func `a boot frees all, and tokens go on`() async throws {
        let store = try TestStore()
        let before = try SQLiteBackend(path: store.path, prefix: "", liveness: nil, boot: "boot-1")
        let token = try #require(try await before.place(.test(1, "a"), .always).token)
        // The first is alive by its kernel lock: two boots at once are a misuse.
        let error = #expect(throws: LockError.self) {
            try SQLiteBackend(path: store.path, prefix: "", liveness: nil, boot: "boot-2")
        }
        #expect(error?.code == .storeUnusable)
        try FileManager.default.removeItem(atPath: store.path + ".d")
        let after = try SQLiteBackend(path: store.path, prefix: "", liveness: nil, boot: "boot-2")
        let next = try #require(try await after.place(.test(2, "a"), .ifFree).token)
        #expect(next > token)
    }

    @Test func `a deleted store loses its leases, and says so`() async throws {
        let store = try TestStore()
        let error = await #expect(throws: LockError.self) {
            try await LockClient.withClient(backend: try SQLiteBackend(path: store.path)) { locks in
                try await locks.withLock("a") { lease in
                    try store.remove()
                    #expect(await lease.whenLost() == .removed)
                }
            }
        }
        #expect(error?.code == .leaseLost)
        let other = try SQLiteBackend(path: store.path)
        #expect(try await other.place(.test(1, "a"), .ifFree).token != nil)
    }

    @Test func `a released key goes to the next backend on the file at once`() async throws {
        let store = try TestStore()
        let first = try SQLiteBackend(path: store.path)
        let second = try SQLiteBackend(path: store.path)
        let token = try #require(try await first.place(.test(1, "a"), .always).token)
        #expect(try await second.place(.test(2, "a"), .always) == .waiting())
        async let grant = second.grant(of: Claim.test(2, "a").id)
        #expect(try await first.remove(Claim.test(1, "a").id) == .removed)
        #expect(try await grant.token > token)
    }

    @Test func `a claim that is asked for is hinted at in its own process`() async throws {
        let store = try TestStore()
        let holder = try SQLiteBackend(path: store.path)
        let operator_ = try SQLiteBackend(path: store.path)
        let claim = try Claim.test(1, "a")
        _ = try await holder.place(claim, .always)
        #expect(try await operator_.ask(claim.id) == .removed)
        var hints = holder.hints().makeAsyncIterator()
        #expect(await hints.next() == [claim.id])
        #expect(try await holder.extend([claim.id], for: .seconds(30)).asked == [claim.id])
    }

    @Test func `a backend that is dropped leaves no file of its own`() async throws {
        let store = try TestStore()
        do {
            let backend = try SQLiteBackend(path: store.path)
            let claim = try Claim.test(1, "a")
            _ = try await backend.place(claim, .always)
            _ = try await backend.remove(claim.id)
        }
        let clock = ContinuousClock()
        let limit = clock.now + .seconds(10)
        var left = ["?"]
        while !left.isEmpty, clock.now < limit {
            left = try FileManager.default.contentsOfDirectory(atPath: store.path + ".d")
            await Task.yield()
        }
        #expect(left == [])
    }

    @Test func `a prefix stands before the keys and does not show`() async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path, prefix: "app/")
        let plain = try SQLiteBackend(path: store.path)
        _ = try await backend.place(.test(1, "a"), .always)
        #expect(try await backend.claims(withPrefix: "", limit: 9).map(\.key) == ["a"])
        #expect(try await plain.claims(withPrefix: "", limit: 9).map(\.key) == ["app/a"])
        #expect(try await plain.place(.test(2, "a"), .ifFree).token != nil)
        #expect(try await plain.place(.test(3, "app/a"), .ifFree) == .refused)
    }
}
#endif
