#if Redis
import Holdfast

@testable import HoldfastRedis

extension RedisServer {
    /// Runs a client on this server around `body`, as one process would.
    func client<R: Sendable>(
        timeToLive: Duration = .seconds(3), _ change: (inout RedisConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (LockClient) async throws -> R
    ) async throws -> R {
        var configuration = configuration
        configuration.requestTimeout = .milliseconds(500)
        change(&configuration)
        return try await LockClient.withClient(
            backend: try RedisBackend(configuration),
            configuration: LockClientConfiguration(timeToLive: timeToLive), body)
    }
}

/// What a call of the library fails with; `nil` where it does not.
func lockError(_ body: () async throws -> Void) async throws -> LockError? {
    do {
        try await body()
        return nil
    } catch let error as LockError {
        return error
    }
}
#endif
