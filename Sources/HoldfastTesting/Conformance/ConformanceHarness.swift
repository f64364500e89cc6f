public import Holdfast

/// How the conformance suite reaches a backend: one for each kind of store, one body of tests for all.
public struct ConformanceHarness: Sendable {
    /// The backends of one case: as many processes would open.
    public static let backendsCount = 3

    /// Opens one more way to the same store, as another process would.
    public let makeBackend: @Sendable () async throws -> any LockBackend
    /// How long one case may take, in real time.
    public var timeout: Duration
    /// How long a hand-off may take, in real time.
    public var handOffLimit: Duration
    /// Moves the backend's clock where it is a test clock; without it, cases that need time let it pass.
    public var advance: (@Sendable (Duration) async throws -> Void)?
    /// Stands before every key, so that cases share a store without meeting.
    public var keyPrefix: String
    /// How many grants, tasks and steps the long cases make.
    public var effort: Int

    /// - Parameters:
    ///   - makeBackend: opens one more way to the same store.
    ///   - timeout: 60 s by default.
    ///   - effort: 1000 by default; less for stores that take their time.
    public init(
        timeout: Duration = .seconds(60), handOffLimit: Duration = .seconds(5), keyPrefix: String = "conformance/",
        effort: Int = 1000, advance: (@Sendable (Duration) async throws -> Void)? = nil,
        makeBackend: @escaping @Sendable () async throws -> any LockBackend
    ) {
        self.makeBackend = makeBackend
        self.timeout = timeout
        self.handOffLimit = handOffLimit
        self.keyPrefix = keyPrefix
        self.effort = effort
        self.advance = advance
    }

    /// Runs `body` with running backends, within the timeout; afterwards nothing of it may be left in the store.
    func stage(_ name: String, _ body: @escaping @Sendable (ConformanceStage) async throws -> Void) async throws {
        var backends: [any LockBackend] = []
        for _ in 0..<Self.backendsCount { backends.append(try await makeBackend()) }
        let stage = ConformanceStage(self, backends: backends, name: name)
        let timeout = timeout
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for backend in backends {
                group.addTask {
                    try await backend.run()
                    return false
                }
            }
            group.addTask {
                try await body(stage)
                try await stage.checkEmpty()
                return true
            }
            group.addTask {
                try await ContinuousClock().sleep(for: timeout)
                throw ConformanceFailure("\(name): not finished within \(timeout)")
            }
            defer { group.cancelAll() }
            while let isDone = try await group.next() {
                if isDone { return }
                // A backend may return from run() early only where it has nothing to keep alive.
            }
        }
    }
}
