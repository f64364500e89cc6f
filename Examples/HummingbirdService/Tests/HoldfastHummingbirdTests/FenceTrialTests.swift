import Foundation
import Holdfast
import HoldfastHummingbird
import Hummingbird
import Testing

/// A holder that is stopped past its time to live, in a process of its own, and a resource behind a real server.
@Suite(.serialized, .timeLimit(.minutes(3))) struct FenceTrialTests {
    private struct Outcome: Sendable {
        var first: String?
        var second: String?
        var balance = 0
        var writes = 0
    }

    /// Two processes add 1 to a balance. The first is stopped between its reading and its writing.
    private func race(_ fence: FenceMiddleware<BasicRequestContext>?) async throws -> Outcome {
        let folder = FileManager.default.temporaryDirectory.appending(path: "holdfast-\(UUID().uuidString)")
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(at: folder) }
        let store = "sqlite://\(folder.path)/locks.db"
        let balance = Balance()
        let outcomes = AsyncStream<Outcome>.makeStream()
        try await FenceServer.with(fence, balance) { port async throws in
            let outcome = try await Self.onThread {
                var outcome = Outcome()
                let first = try ProbeProcess(store, "\(port)", "stops")
                #expect(first.line() == "stopped at 0")
                let second = try ProbeProcess(store, "\(port)", "goes")
                outcome.second = second.line()
                #expect(second.waitUntilExit() == 0)
                first.resume()
                outcome.first = first.line()
                #expect(first.line() == "lost")
                #expect(first.waitUntilExit() == 0)
                return outcome
            }
            outcomes.continuation.yield(outcome)
        }
        var outcome = try #require(await outcomes.stream.first { _ in true })
        (outcome.balance, outcome.writes) = (await balance.value, await balance.writes)
        return outcome
    }

    /// Reading what a process says blocks; the server needs its threads.
    private static func onThread<R: Sendable>(_ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            Thread { continuation.resume(with: Result { try work() }) }.start()
        }
    }

    @Test func `without the middleware, a holder that wakes too late overwrites its successor`() async throws {
        let outcome = try await race(nil)
        #expect(outcome.first == "200" && outcome.second == "200")
        #expect(outcome.writes == 2)
        #expect(
            outcome.balance == 1,
            "two acknowledged increments should be two; this one must lose one, to prove the other")
    }

    @Test func `with the middleware, a holder that wakes too late is refused, and nothing is lost`() async throws {
        let outcome = try await race(FenceMiddleware(memory: FenceGuards()))
        #expect(outcome.second == "200")
        #expect(outcome.first == "412")
        #expect(outcome.writes == 1)
        #expect(outcome.balance == 1, "the one increment that was acknowledged")
    }
}
