import Holdfast
import ServiceLifecycle
import ServiceLifecycleTestKit
import Testing

@Suite(.timeLimit(.minutes(1))) struct ServiceTests {
    @Test func `graceful shutdown waits for what is held, and takes nothing new`() async throws {
        let locks = LockClient(backend: MemoryBackend())
        try await testGracefulShutdown { trigger in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await locks.run() }
                group.addTask {
                    try await locks.withLock("a") { lease in
                        trigger.triggerGracefulShutdown()
                        var code: LockError.Code?
                        while code != .notRunning {
                            do throws(LockError) {
                                try await locks.acquire("b").release()
                            } catch {
                                code = error.code
                            }
                        }
                        #expect(lease.isHeld)
                    }
                }
                try await group.waitForAll()
            }
        }
        let left = try await locks.claims()
        #expect(left.isEmpty)
    }

    @Test func `graceful shutdown turns those away that wait`() async throws {
        let error = await #expect(throws: LockError.self) {
            try await LockClient.withClient(backend: MemoryBackend()) { locks in
                let owned = try await locks.acquire("a")
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await locks.acquire("a").release() }
                    while try await locks.claims().count < 2 { await Task.yield() }
                    locks.shutDown()
                    try await group.next()
                }
                try await owned.release()
            }
        }
        #expect(error?.code == .notRunning)
    }
}
