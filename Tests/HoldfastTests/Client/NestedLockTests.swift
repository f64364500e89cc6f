import Holdfast
import Testing

@Suite(.timeLimit(.minutes(1))) struct NestedLockTests {
    private func nested(
        _ outer: LockMode, _ inner: LockMode, _ options: LockOptions = LockOptions()
    ) async throws -> LockError.Code? {
        try await LockClient.withClient(backend: MemoryBackend()) { locks in
            try await locks.withLock("a", mode: outer) { lease in
                do {
                    try await locks.withLock("a", mode: inner, options: options) { #expect($0.isHeld) }
                    return nil
                } catch let error as LockError {
                    return error.code
                }
            }
        }
    }

    @Test func `a nested claim that its own claim blocks fails at once`() async throws {
        #expect(try await nested(.exclusive, .exclusive) == .wouldDeadlock)
        #expect(try await nested(.shared, .exclusive) == .wouldDeadlock)
        #expect(try await nested(.exclusive, .shared) == .wouldDeadlock)
        #expect(try await nested(.permits(2, of: 3), .permits(2, of: 3)) == .wouldDeadlock)
    }

    @Test func `readers nest, and permits that fit`() async throws {
        #expect(try await nested(.shared, .shared) == nil)
        #expect(try await nested(.permits(1, of: 3), .permits(2, of: 3)) == nil)
    }

    @Test func `a reentrant lock enters what it covers, and no more`() async throws {
        let reentrant = LockOptions(reentrant: true)
        #expect(try await nested(.exclusive, .exclusive, reentrant) == nil)
        #expect(try await nested(.exclusive, .shared, reentrant) == nil)
        #expect(try await nested(.shared, .exclusive, reentrant) == .wouldDeadlock)
    }

    @Test func `a reader reads again although a writer waits behind it`() async throws {
        try await LockClient.withClient(backend: MemoryBackend()) { locks in
            try await withThrowingTaskGroup(of: Void.self) { group in
                try await locks.withLock("a", mode: .shared) { _ in
                    try await withThrowingTaskGroup(of: Void.self) { writers in
                        writers.addTask {
                            // Detached from the reader's task tree, as another request would be.
                            try await NestedLockTests.apart {
                                try await locks.withLock("a", wait: .upTo(.seconds(5))) { _ in }
                            }
                        }
                        while try await locks.claims().count < 2 { await Task.yield() }
                        try await locks.withLock("a", mode: .shared) { #expect($0.isHeld) }
                        writers.cancelAll()
                        while let result = await writers.nextResult() { _ = result }
                    }
                }
                group.cancelAll()
            }
        }
    }

    /// Runs `body` outside the current task tree.
    private static func apart(_ body: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task.detached { try await body() }
        try await withTaskCancellationHandler {
            try await task.value
        } onCancel: {
            task.cancel()
        }
    }

    @Test func `siblings do not enter one lock together`() async throws {
        try await LockClient.withClient(backend: MemoryBackend()) { locks in
            try await locks.withLock("a") { _ in
                let (entered, enter) = AsyncStream<Void>.makeStream()
                let (leaving, leave) = AsyncStream<Void>.makeStream()
                async let first: Void = locks.withLock("a", options: LockOptions(reentrant: true)) { _ in
                    enter.finish()
                    for await _ in leaving {}
                }
                for await _ in entered {}
                let error = await #expect(throws: LockError.self) {
                    try await locks.withLock("a", options: LockOptions(reentrant: true)) { _ in }
                }
                #expect(error?.code == .wouldDeadlock)
                leave.finish()
                try await first
                try await locks.withLock("a", options: LockOptions(reentrant: true)) { lease in
                    try await locks.withLock("a", options: LockOptions(reentrant: true)) {
                        #expect($0.token == lease.token)
                    }
                }
            }
        }
    }

    @Test func `a task that escaped its scope does not enter`() async throws {
        try await LockClient.withClient(backend: MemoryBackend()) { locks in
            let (gate, open) = AsyncStream<Void>.makeStream()
            let escaped = try await locks.withLock("a") { _ in
                Task {
                    for await _ in gate {}
                    return try await locks.withLock("a", options: LockOptions(reentrant: true)) { $0.token }
                }
            }
            let owned = try await locks.acquire("a")
            open.finish()
            while try await locks.claims().count < 2 { await Task.yield() }
            let token = owned.lease.token
            try await owned.release()
            #expect(try await escaped.value > token)
        }
    }
}
