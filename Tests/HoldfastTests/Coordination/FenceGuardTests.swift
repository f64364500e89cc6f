import Holdfast
import HoldfastTesting
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct FenceGuardTests {
    private func token(_ number: Int64) throws -> FencingToken { try #require(FencingToken(rawValue: number)) }

    private func refusal(_ body: () throws -> Void) -> LockError.Code? {
        do {
            try body()
            return nil
        } catch {
            return (error as? LockError)?.code
        }
    }

    @Test func `an older token is refused, and the same one passes again and again`() throws {
        let fence = FenceGuard()
        #expect(fence.greatest == nil)
        for number in [5, 5, 7, 7, 5, 6, 7, 9] as [Int64] {
            let isOld = number < (fence.greatest?.rawValue ?? 0)
            let code = refusal { try fence.admit(token(number)) }
            #expect(code == (isOld ? .staleToken : nil), "\(number)")
        }
        #expect(fence.greatest == (try token(9)))
    }

    @Test func `shared tokens are checked and never kept`() throws {
        let fence = FenceGuard()
        try fence.admit(token(9))
        // Readers 11 and 10 hold the key at once: the later one says nothing against the earlier.
        try fence.admit(token(11), mode: .shared)
        try fence.admit(token(10), mode: .shared)
        #expect(fence.greatest == (try token(9)))
        try fence.admit(token(12))
        #expect(refusal { try fence.admit(token(11), mode: .shared) } == .staleToken)
    }

    @Test func `permits have no fence`() throws {
        let fence = FenceGuard()
        #expect(refusal { try fence.admit(token(1), mode: .permits(1, of: 2)) } == .invalidArgument)
        #expect(fence.greatest == nil)
    }

    @Test func `a guard begins with what its resource remembers`() throws {
        let fence = FenceGuard(seen: try token(5))
        #expect(refusal { try fence.admit(token(4)) } == .staleToken)
        try fence.admit(token(5))
    }

    @Test func `what is refused is not written, and what fails to be written has passed`() throws {
        struct Broken: Error {}
        let fence = FenceGuard(seen: try token(5))
        var writes = 0
        #expect(refusal { try fence.admitting(token(4)) { writes += 1 } } == .staleToken)
        #expect(writes == 0)
        #expect(throws: Broken.self) { try fence.admitting(token(6)) { throw Broken() } }
        #expect(try fence.admitting(token(6)) { "done" } == "done")
        #expect(fence.greatest == (try token(6)))
    }

    @Test func `of many at once the fence keeps the greatest, and no write comes after a later one`() async throws {
        let fence = FenceGuard()
        let written = Box<[Int64]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in (1...200 as ClosedRange<Int64>).shuffled() {
                group.addTask {
                    let token = try #require(FencingToken(rawValue: number))
                    do {
                        try fence.admitting(token) { written.change { $0.append(number) } }
                    } catch let error as LockError where error.code == .staleToken {
                        // A later one came first.
                    }
                }
            }
            try await group.waitForAll()
        }
        let order = written.value
        #expect(order == order.sorted())
        #expect(order.last == 200 && fence.greatest?.rawValue == 200)
    }

    // MARK: A holder that is stopped past its time to live

    @Test func `without a guard, a holder that wakes too late overwrites its successor`() async throws {
        let (seen, outcome) = try await run(fence: nil)
        #expect(seen == 1, "two acknowledged increments should be two; this one must lose one, to prove the other")
        #expect(outcome == nil)
    }

    @Test func `with a guard, a holder that wakes too late is refused, and nothing is lost`() async throws {
        let (seen, outcome) = try await run(fence: FenceGuard())
        #expect(outcome == .staleToken)
        #expect(seen == 1, "the one increment that was acknowledged")
    }

    /// Two clients add 1 to a counter, each by reading, thinking and writing. The first is stopped while it thinks.
    ///
    /// - Returns: the counter, and how the first client's write was refused.
    private func run(fence: FenceGuard?) async throws -> (seen: Int, refusal: LockError.Code?) {
        let counter = Box(0)
        let refused = Box<LockError.Code?>(nil)
        // The first client's clock stands still, as everything in a stopped process does.
        let (world, stopped) = (TestClock(), TestClock())
        let (isThinking, wakes) = (Signal(), Signal())
        let store = MemoryBackend(clock: world)
        @Sendable func write(_ value: Int, _ token: FencingToken) throws {
            guard let fence else { return counter.change { $0 = value } }
            try fence.admitting(token) { counter.change { $0 = value } }
        }
        try await LockClient.withClient(backend: store, clock: world) { successor in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    let error = await #expect(throws: LockError.self) {
                        try await LockClient.withClient(backend: BackendView(store), clock: stopped) { first in
                            try await first.withLock("counter") { lease in
                                let value = counter.value
                                isThinking.set()
                                _ = await wakes.wait()
                                do {
                                    try write(value + 1, lease.token)
                                } catch let error as LockError {
                                    refused.change { $0 = error.code }
                                }
                            }
                        }
                    }
                    #expect(error?.code == .leaseLost)
                }
                group.addTask {
                    _ = await isThinking.wait()
                    world.advance(by: .seconds(31))
                    try await successor.withLock("counter") { lease in
                        try write(counter.value + 1, lease.token)
                    }
                    wakes.set()
                }
                try await group.waitForAll()
            }
        }
        return (counter.value, refused.value)
    }
}

/// A value that several tasks change.
private final class Box<Value: Sendable>: Sendable {
    private let state: Mutex<Value>

    init(_ value: Value) { state = Mutex(value) }

    var value: Value { state.withLock { $0 } }
    func change(_ body: (inout Value) -> Void) { state.withLock { body(&$0) } }
}
