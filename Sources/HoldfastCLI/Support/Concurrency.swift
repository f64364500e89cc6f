import Glibc

/// Where Swift concurrency begins, in a process whose `main` is synchronous.
enum Concurrency {
    /// Runs `body` in the runtime's threads, and `beside` in the main thread, which may block. Exits with the status.
    static func run(
        beside: () -> Void = {}, _ body: @escaping @Sendable () async -> ExitStatus
    ) -> Never {
        // The one unstructured task: it is the process, and the process ends with it.
        Task { await body().exit() }
        beside()
        while true { pause() }
    }
}
