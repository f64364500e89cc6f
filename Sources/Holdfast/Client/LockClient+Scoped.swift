public import Logging

extension LockClient {
    /// Runs a client around `body`, for scripts, tests and commands; servers run it as a service.
    ///
    /// - Parameters: as ``init(backend:configuration:clock:logger:)``.
    /// - Returns: what the body returns, when all its locks are released.
    /// - Throws: what the body throws, or the client's ``run()``.
    public static func withClient<R: Sendable>(
        backend: any LockBackend, configuration: LockClientConfiguration = LockClientConfiguration(),
        clock: some Clock<Duration> = ContinuousClock(), logger: Logger? = nil,
        _ body: @escaping @Sendable (LockClient) async throws -> R
    ) async throws -> R {
        let client = LockClient(backend: backend, configuration: configuration, clock: clock, logger: logger)
        return try await withThrowingTaskGroup(of: R?.self) { group in
            group.addTask {
                try await client.run()
                return nil
            }
            group.addTask {
                defer { client.shutDown() }
                return try await body(client)
            }
            var result: R?
            while let end = try await group.next() { if let end { result = end } }
            guard let result else { throw CancellationError() }
            return result
        }
    }
}
