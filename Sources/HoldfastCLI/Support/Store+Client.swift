import Holdfast

extension Store {
    /// Runs a client of this store around `body`.
    func withClient<R: Sendable>(_ body: @escaping @Sendable (LockClient) async throws -> R) async throws -> R {
        try await LockClient.withClient(backend: try open(), body)
    }
}
