#if Redis
import Holdfast
import Testing

@testable import HoldfastRedis

@Suite struct ScriptTests {
    private let claims = Claims()

    @Test func `digests are what the server makes of the texts`() async throws {
        let server = try await RedisServer()
        for script in ScriptSet().all {
            let digest = try server.command("SCRIPT", "LOAD", script.text).text
            #expect(digest == script.digest, "\(script.name)")
        }
        #expect(SHA1.hex([]) == "da39a3ee5e6b4b0d3255bfef95601890afd80709")
        #expect(SHA1.hex(Array(repeating: 0x61, count: 1000)) == "291e9a6c66994949b57ba5e650361e98fc36b1ba")
    }

    @Test func `scripts include what they name, and carry no comments`() {
        for script in ScriptSet(peerTurns: 7).all {
            #expect(!script.text.contains("--@include"))
            #expect(!script.text.split(separator: "\n").contains { $0.hasPrefix("--") })
        }
        #expect(ScriptSet(peerTurns: 7).place.text.contains("local PEER_TURNS = 7"))
    }

    @Test func `a server that has lost its scripts gets them again`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let (holder, waiter) = try (claims.next("k"), claims.next("k"))
            func forget() throws { try server.command("SCRIPT", "FLUSH") }
            try await backends[0].hold(holder)
            try forget()
            try await backends[0].wait(waiter)
            try forget()
            let outcome = try await backends[0].extend([holder.id, waiter.id], for: .seconds(30))
            #expect(outcome == Extension())
            try forget()
            let records = try await backends[0].claims(withPrefix: "", limit: 10)
            #expect(records.count == 2)
            try forget()
            _ = try await backends[0].ask(holder.id)
            try forget()
            let noted = try await backends[0].annotate(holder.id, with: ClaimNote("note"))
            #expect(noted == .removed)
            try forget()
            _ = try await backends[0].remove(holder.id)
            _ = try await backends[0].grant(of: waiter.id)
        }
    }

    @Test func `side keys stand in the slot of their string`() async throws {
        let server = try await RedisServer()
        for name in ["lock:k", "lock:a/b", "{tag}k", "x{tag}y{z}", "lock:%7Ba%7D"] {
            let names = KeyNames(string: name)
            let slots = try [names.string, names.counter, names.queue, names.entries].map {
                try server.command("CLUSTER", "KEYSLOT", $0).int
            }
            // A server that is no cluster will not say.
            guard slots[0] != nil else { return try slotsByHand(name) }
            #expect(Set(slots).count == 1, "\(name): \(slots)")
        }
    }

    private func slotsByHand(_ name: String) throws {
        func hashed(_ text: String) -> Substring {
            guard let open = text.firstIndex(of: "{") else { return text[...] }
            let rest = text[text.index(after: open)...]
            guard let close = rest.firstIndex(of: "}"), close != rest.startIndex else { return text[...] }
            return rest[..<close]
        }
        let names = KeyNames(string: name)
        for side in [names.counter, names.queue, names.entries] { #expect(hashed(side) == hashed(name)) }
    }

    @Test func `names of side keys never meet, and lead back`() {
        let strings = ["a", "{a}", "a}", "{a", "{}", "a:hf", "{a}b", "{lock:a}b"]
        let queues = strings.map { KeyNames(string: $0).queue }
        #expect(Set(queues).count == strings.count)
        #expect(queues.map { KeyNames.string(ofQueue: $0) } == strings)
    }
}
#endif
