import HTTPTypes
import Holdfast
import HoldfastHTTP
import HoldfastHummingbird
import Hummingbird
import Logging
import NIOCore
import ServiceLifecycle

/// A number that requests read and replace, on a real socket.
actor Balance {
    private(set) var value = 0
    private(set) var writes = 0

    func set(_ value: Int) {
        self.value = value
        writes += 1
    }
}

enum FenceServer {
    /// Runs a server with `/balance` and `/slow` around `body`.
    ///
    /// - Parameters:
    ///   - fence: what stands before the handlers; none for a server that believes all.
    ///   - gate: what `PUT /slow` waits for before it writes.
    static func with(
        _ fence: FenceMiddleware<BasicRequestContext>?, _ balance: Balance, gate: Gate = Gate(),
        _ body: @escaping @Sendable (_ port: Int) async throws -> Void
    ) async throws {
        let router = Router()
        if let fence { router.add(middleware: fence) }
        router.get("balance") { _, _ in "\(await balance.value)" }
        router.put("balance") { request, _ in
            await balance.set(try await Self.number(request))
            return "written"
        }
        router.put("slow") { request, _ in
            let number = try await Self.number(request)
            if number < 100 { await gate.pass() }
            await balance.set(number)
            return "written"
        }
        router.put("stale") { _, _ -> String in
            throw LockError(.staleToken, "token 1 is older than 2")
        }
        let (ports, port) = AsyncStream<Int>.makeStream()
        let logger = Logger(label: "fence", factory: { _ in SwiftLogNoOpLogHandler() })
        let app = Application(
            router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in port.yield(channel.localAddress?.port ?? 0) }, logger: logger)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            for await port in ports {
                try await body(port)
                break
            }
            group.cancelAll()
            // What a server throws that is cancelled is not asked here.
            while (try? await group.next()) != nil {}
        }
    }

    private static func number(_ request: Request) async throws -> Int {
        let text = String(buffer: try await request.body.collect(upTo: 64))
        guard let number = Int(text) else { throw HTTPError(.badRequest) }
        return number
    }
}

/// Holds back who comes, and tells that somebody is there.
actor Gate {
    private var isOpen = false
    private var inside: [CheckedContinuation<Void, Never>] = []
    private var watchers: [CheckedContinuation<Void, Never>] = []

    func pass() async {
        guard !isOpen else { return }
        for watcher in watchers { watcher.resume() }
        watchers = []
        await withCheckedContinuation { inside.append($0) }
    }

    func whenSomebodyIsThere() async {
        guard inside.isEmpty else { return }
        await withCheckedContinuation { watchers.append($0) }
    }

    func open() {
        isOpen = true
        for one in inside { one.resume() }
        inside = []
    }
}
