import Holdfast
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct FenceGuardsTests {
    private func token(_ number: Int64) throws -> FencingToken { try #require(FencingToken(rawValue: number)) }

    private func refusal(_ body: () async throws -> Void) async -> LockError.Code? {
        do {
            try await body()
            return nil
        } catch {
            return (error as? LockError)?.code
        }
    }

    @Test func `each resource has its own fence`() async throws {
        let guards = FenceGuards(seen: ["a": try token(5)])
        #expect(await refusal { try await guards.admitting(token(4), to: "a") {} } == .staleToken)
        #expect(await refusal { try await guards.admitting(token(4), to: "b") {} } == nil)
        #expect(await refusal { try await guards.admitting(token(5), to: "a") {} } == nil)
        #expect(guards.greatest(of: "a")?.rawValue == 5 && guards.greatest(of: "b")?.rawValue == 4)
        #expect(guards.greatest(of: "c") == nil)
    }

    @Test func `a write that throws has passed`() async throws {
        struct Broken: Error {}
        let guards = FenceGuards()
        await #expect(throws: Broken.self) { try await guards.admitting(token(6), to: "a") { throw Broken() } }
        #expect(await refusal { try await guards.admitting(token(5), to: "a") {} } == .staleToken)
        #expect(try await guards.admitting(token(6), to: "a") { "done" } == "done")
    }

    @Test func `of many at once the fence keeps the greatest, and no write comes after a later one`() async throws {
        let guards = FenceGuards()
        let writes = Writes()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in (1...200 as ClosedRange<Int64>).shuffled() {
                group.addTask {
                    let code = await refusal {
                        try await guards.admitting(token(number), to: "a") {
                            writes.begin(number)
                            await Task.yield()
                            writes.end()
                        }
                    }
                    #expect(code == nil || code == .staleToken)
                }
            }
            try await group.waitForAll()
        }
        let order = writes.order
        #expect(writes.most == 1)
        #expect(order == order.sorted())
        #expect(order.last == 200 && guards.greatest(of: "a")?.rawValue == 200)
    }

    /// Has a write inside, and as many behind it as `waiting` says.
    private func crowded(
        _ guards: FenceGuards, waiting: Int, _ body: @escaping @Sendable (Signal) async throws -> Void
    ) async throws {
        let (isInside, goesOn) = (Signal(), Signal())
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                try await guards.admitting(token(1), to: "a") {
                    isInside.set()
                    _ = await goesOn.wait()
                }
            }
            _ = await isInside.wait()
            for number in 0..<waiting {
                group.addTask { try await guards.admitting(token(2 + Int64(number)), to: "a") {} }
            }
            try await body(goesOn)
            goesOn.set()
            try await group.waitForAll()
        }
    }

    @Test func `who is cancelled while waiting writes nothing and holds nobody up`() async throws {
        for _ in 0..<200 {
            let guards = FenceGuards()
            try await crowded(guards, waiting: 0) { goesOn in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        // Cancelled before, at, or after its turn: either it writes, or it says that it did not.
                        do {
                            try await guards.admitting(token(2), to: "a") {}
                        } catch is CancellationError {
                            #expect(guards.greatest(of: "a")?.rawValue != 2)
                        }
                    }
                    group.addTask { goesOn.set() }
                    group.cancelAll()
                    try await group.waitForAll()
                }
                try await guards.admitting(token(3), to: "a") {}
            }
            #expect(guards.greatest(of: "a")?.rawValue == 3)
        }
    }

    @Test func `there are bounds to resources, to their names and to those who wait`() async throws {
        let guards = FenceGuards(resourcesLimit: 2, waitersLimit: 1)
        try await crowded(guards, waiting: 0) { goesOn in
            await withTaskGroup(of: LockError.Code?.self) { group in
                for number in [2, 2] as [Int64] {
                    group.addTask { await refusal { try await guards.admitting(token(number), to: "a") {} } }
                }
                // One waits, and for the other there is no room.
                #expect(await group.next() == .limitExceeded)
                goesOn.set()
                #expect(await group.next() == .some(nil))
            }
        }
        #expect(await refusal { try await guards.admitting(token(1), to: "b") {} } == nil)
        #expect(await refusal { try await guards.admitting(token(1), to: "c") {} } == .limitExceeded)
        #expect(guards.forget("b"))
        #expect(await refusal { try await guards.admitting(token(1), to: "c") {} } == nil)
        let long = String(repeating: "n", count: FenceGuards.resourceBytesLimit + 1)
        for name in ["", long] {
            #expect(await refusal { try await guards.admitting(token(1), to: name) {} } == .invalidArgument)
        }
    }

    @Test func `one that is just written to is not forgotten`() async throws {
        let guards = FenceGuards()
        try await crowded(guards, waiting: 1) { _ in #expect(!guards.forget("a")) }
        #expect(guards.greatest(of: "a")?.rawValue == 2)
    }

    @Test(arguments: ["0", "-1", "+1", "01", "", " 1", "1 ", "1.0", "9223372036854775808", "٣"])
    func `no token is read from other text than a token's`(_ text: String) {
        #expect(FencingToken(text) == nil)
    }

    @Test(arguments: [1, 10, 42, Int64.max] as [Int64]) func `a token is read from its own text`(_ number: Int64) throws
    {
        #expect(FencingToken(String(number)) == (try token(number)))
    }
}

/// Who wrote, and how many at once.
private final class Writes: Sendable {
    private let state = Mutex((order: [Int64](), inside: 0, most: 0))

    var order: [Int64] { state.withLock { $0.order } }
    var most: Int { state.withLock { $0.most } }

    func begin(_ number: Int64) {
        state.withLock { state in
            state.order.append(number)
            state.inside += 1
            state.most = max(state.most, state.inside)
        }
    }

    func end() { state.withLock { $0.inside -= 1 } }
}
