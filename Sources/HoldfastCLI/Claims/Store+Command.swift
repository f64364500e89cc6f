import Holdfast

extension Store {
    /// Runs a command's work with a client of this store. The process ends with its status.
    ///
    /// - Parameter beside: runs in the main thread meanwhile, and may block.
    func command(
        beside: () -> Void = {}, _ body: @escaping @Sendable (LockClient) async throws -> ExitStatus
    ) -> Never {
        Concurrency.run(
            beside: beside,
            {
                do {
                    return try await withClient(body)
                } catch {
                    return Failure(error).report()
                }
            })
    }
}
