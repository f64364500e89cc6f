import Holdfast
import HoldfastHummingbird
import Hummingbird
import Testing

@Suite(.timeLimit(.minutes(2))) struct FenceMiddlewareTests {
    private let balance = Balance()

    private func put(_ tokens: String..., port: Int, path: String = "/balance", _ body: String = "1") async throws
        -> Client.Answer
    {
        try await Client.send("PUT", path, port: port, tokens: tokens, body)
    }

    @Test func `a write without a token is told to bring one, and reading needs none`() async throws {
        try await FenceServer.with(FenceMiddleware(memory: FenceGuards()), balance) { [balance] port async throws in
            let answer = try await put(port: port)
            #expect(answer.status == 428)
            #expect(answer.body.contains("take the lock, and send its token as Fencing-Token"))
            #expect(await balance.writes == 0)
            #expect(try await Client.send("GET", "/balance", port: port).body == "0")
        }
    }

    @Test(arguments: [
        "0", "-1", "+1", "01", "-", "1.0", "1e3", "0x1", "1_000", "9223372036854775808", "token", "٣", "1 2", "1, 2",
    ])
    func `what is no token is refused`(_ text: String) async throws {
        try await FenceServer.with(FenceMiddleware(memory: FenceGuards()), balance) { [balance] port async throws in
            #expect(try await put(text, port: port).status == 400)
            #expect(await balance.writes == 0)
        }
    }

    @Test func `two tokens are refused, also two that are equal`() async throws {
        try await FenceServer.with(FenceMiddleware(memory: FenceGuards()), balance) { [balance] port async throws in
            #expect(try await put("7", "8", port: port).status == 400)
            #expect(try await put("7", "7", port: port).status == 400)
            #expect(await balance.writes == 0)
        }
    }

    @Test func `an older token is refused, and the same one passes again and again`() async throws {
        let guards = FenceGuards()
        try await FenceServer.with(FenceMiddleware(memory: guards), balance) { [balance] port async throws in
            var greatest = 0
            for number in [5, 5, 7, 5, 6, 7, 9, 8] {
                let answer = try await put("\(number)", port: port, "\(number)")
                #expect(answer.status == (number < greatest ? 412 : 200), "\(number): \(answer)")
                greatest = max(greatest, number)
            }
            #expect(await balance.value == 9)
            #expect(await balance.writes == 5)
            // The same resource by another spelling of the router's.
            #expect(try await put("8", port: port, path: "/balance/").status == 412)
            #expect(guards.greatest(of: "/balance")?.rawValue == 9)
            let answer = try await put("9223372036854775807", port: port)
            #expect(answer.status == 200)
        }
    }

    @Test func `resources are named by the one who knows them, and others need no token`() async throws {
        let fence = FenceMiddleware<BasicRequestContext>(memory: FenceGuards(), unguarded: [.get]) { request, _ in
            request.uri.path == "/balance" ? "balance" : nil
        }
        let gate = Gate()
        await gate.open()
        try await FenceServer.with(fence, balance, gate: gate) { port async throws in
            #expect(try await put(port: port).status == 428)
            #expect(try await put(port: port, path: "/slow").status == 200)
            #expect(try await Client.send("OPTIONS", "/balance", port: port).status == 428)
        }
    }

    @Test func `a later holder waits until the earlier one's handler has answered, and then has the last word`()
        async throws
    {
        let gate = Gate()
        let guards = FenceGuards()
        try await FenceServer.with(FenceMiddleware(memory: guards), balance, gate: gate) {
            [balance] port async throws in
            async let earlier = put("1", port: port, path: "/slow", "1")
            await gate.whenSomebodyIsThere()
            async let later = put("2", port: port, path: "/slow", "100")
            // Another resource is not held up.
            #expect(try await put("1", port: port, "5").status == 200)
            #expect(await balance.value == 5)
            await gate.open()
            #expect(try await earlier.status == 200)
            #expect(try await later.status == 200)
            #expect(await balance.value == 100)
            #expect(try await put("1", port: port, path: "/slow", "1").status == 412)
        }
    }

    @Test func `without a turn for each, the earlier one's handler writes last`() async throws {
        let gate = Gate()
        try await FenceServer.with(FenceMiddleware(memory: FenceByHandler()), balance, gate: gate) {
            [balance] port async throws in
            async let earlier = put("1", port: port, path: "/slow", "1")
            await gate.whenSomebodyIsThere()
            #expect(try await put("2", port: port, path: "/slow", "100").status == 200)
            await gate.open()
            #expect(try await earlier.status == 200)
            #expect(await balance.value == 1, "this is what the turns are for, and must be so here")
        }
    }

    @Test func `a handler that finds the token stale is answered like the middleware`() async throws {
        try await FenceServer.with(FenceMiddleware(memory: FenceByHandler()), balance) { port async throws in
            let answer = try await put("1", port: port, path: "/stale")
            #expect(answer.status == 412)
            #expect(answer.body.contains("Take the lock again"))
        }
    }

    @Test func `where nothing more can be remembered, nothing more is written`() async throws {
        let fence = FenceMiddleware<BasicRequestContext>(memory: FenceGuards(resourcesLimit: 1))
        let gate = Gate()
        await gate.open()
        try await FenceServer.with(fence, balance, gate: gate) { [balance] port async throws in
            #expect(try await put("1", port: port).status == 200)
            #expect(try await put("1", port: port, path: "/slow", "3").status == 503)
            #expect(await balance.writes == 1)
            #expect(try await put("2", port: port).status == 200)
        }
    }
}
