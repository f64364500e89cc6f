import Holdfast
import Synchronization

/// What the cases of elections, semaphores, latches and barriers share.
enum Coordination {
    /// The shortest pause between two looks at a state that is awaited.
    private static let pause: Duration = .milliseconds(10)

    /// Runs clients, each by a way of its own to the store.
    ///
    /// - Parameter life: short by default, so that what waits for a renewal does not wait long.
    static func withClients(
        _ count: Int, _ stage: ConformanceStage, life: Duration = .seconds(3), deadlockThreshold: Duration? = nil,
        _ body: @escaping @Sendable ([LockClient]) async throws -> Void
    ) async throws {
        // The stage runs the backends already.
        let views = (0..<count).map { BackendView(stage.backends[$0 % stage.backends.count]) }
        // On a test clock claims do not end, and a lease must not either where many tests share the machine.
        let life = stage.harness.advance == nil ? max(life, stage.shortLife) : max(life, .seconds(30))
        try await withClients(views, life: life, deadlockThreshold: deadlockThreshold, body)
    }

    /// Runs clients, each by one of these.
    static func withClients(
        _ backends: [any LockBackend], life: Duration, deadlockThreshold: Duration? = nil,
        _ body: @escaping @Sendable ([LockClient]) async throws -> Void
    ) async throws {
        let clients = backends.enumerated().map { number, backend in
            var configuration = LockClientConfiguration(timeToLive: life, label: "client \(number)")
            if let deadlockThreshold { configuration.deadlockThreshold = deadlockThreshold }
            return LockClient(backend: backend, configuration: configuration)
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in clients { group.addTask { try await client.run() } }
            group.addTask {
                defer { for client in clients { client.shutDown() } }
                try await body(clients)
            }
            try await group.waitForAll()
        }
    }

    /// Waits for a state, within the bound of a hand-off.
    static func until(
        _ what: String, _ stage: ConformanceStage, _ isSo: () async throws -> Bool
    ) async throws {
        let limit = ContinuousClock.now + stage.harness.handOffLimit
        while try await !isSo() {
            try require(ContinuousClock.now < limit, "not within \(stage.harness.handOffLimit): \(what)")
            try await ContinuousClock().sleep(for: pause)
        }
    }
}

/// The tokens of critical sections, in the order in which they were entered.
final class Turns: Sendable {
    private let noted = Mutex<[FencingToken]>([])

    var tokens: [FencingToken] { noted.withLock { $0 } }

    func note(_ token: FencingToken) { noted.withLock { $0.append(token) } }
}

/// Who came when.
final class Names: Sendable {
    private let noted = Mutex<[String]>([])

    var names: [String] { noted.withLock { $0 } }

    func note(_ name: String) { noted.withLock { $0.append(name) } }
}
