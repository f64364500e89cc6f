import ServerKit
import Testing

/// Stores that nobody serves: told at once, and nothing is left.
@Suite(.timeLimit(.minutes(1))) struct UnreachableStoreTests {
    /// A scheme, and what follows the port.
    private static let kinds = [
        ["redis", ""], ["etcd", ""], ["zookeeper", ""], ["postgres", "/db"], ["postgres", "/db?locks=table"],
        ["mysql", "/db"], ["mysql", "/db?locks=table"],
    ]

    private func scratch(_ kind: [String]) throws -> Scratch {
        try Scratch(store: "\(kind[0])://127.0.0.1:\(try FreePort.find())\(kind[1])")
    }

    @Test(arguments: kinds) func `who would not wait is told in the time of one request`(_ kind: [String]) async throws
    {
        let scratch = try scratch(kind)
        for words in [["-n"], ["-w", "1s"]] {
            let began = ContinuousClock.now
            let run = try await scratch.run(["run"] + words + ["--ttl", "1h", "k", "true"])
            #expect(run.status == 69)
            #expect(run.errors.contains("127.0.0.1") && run.errors.lowercased().contains("connect"))
            #expect(ContinuousClock.now - began < .seconds(8))
        }
    }

    @Test(arguments: kinds) func `who waits says for what, and ends when told`(_ kind: [String]) async throws {
        let scratch = try scratch(kind)
        let run = try scratch.start("run", "--ttl", "1h", "k", "true")
        try await eventually("it says that it tries") { run.errors.contains("trying again") }
        let others = Kernel.children(of: run.pid)
        run.send(15)
        let status = try await run.end(within: .seconds(20))
        #expect(status == 143)
        // It was never placed.
        #expect(!run.errors.contains("not confirmed"), "\(run.errors)")
        try await eventually("nothing of it is left", within: .seconds(15)) { !others.contains(where: Kernel.runs) }
    }
}
