#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

/// What the conformance suite does not see of notes: the layout, the lives, and what they cost.
@Suite(.timeLimit(.minutes(1))) struct NoteTests {
    private let claims = Claims()

    private func claim(_ parts: [Claim.Part], _ note: String, life: Duration = .seconds(30)) throws -> Claim {
        let plain = try claims.next(parts, life: life)
        return try Claim(
            id: plain.id, parts: plain.parts, timeToLive: life, owner: plain.owner, note: ClaimNote(note))
    }

    private static func notes(_ backend: RedisBackend) async throws -> [String] {
        try await backend.claims(withPrefix: "", limit: 100).map(\.note.text)
    }

    @Test func `a note is the last word of the string, and changes nothing before it`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let claim = try claim([Claim.Part("k")], "at 10%")
            let token = try await backends[0].hold(claim)
            let stored = try #require(try server.command("GET", "lock:k").text)
            #expect(stored.hasPrefix("hf1:\(claim.id):-\(token) ") && stored.hasSuffix(" at%2010%25"))
            try server.command("PEXPIRE", "lock:k", "12345")
            _ = try await backends[0].annotate(claim.id, with: .empty)
            let plain = try #require(try server.command("GET", "lock:k").text)
            #expect(stored == plain + " at%2010%25")
            _ = try await backends[0].annotate(claim.id, with: ClaimNote("at 10%"))
            let again = try server.command("GET", "lock:k").text
            #expect(again == stored)
            let left = try #require(try server.command("PTTL", "lock:k").int)
            #expect(left <= 12_345 && left > 0)
        }
    }

    @Test(arguments: [LockMode.exclusive, .shared, .permits(1, of: 1)], [false, true])
    func `a note that another's release hands over can be replaced, and leaves nothing behind`(
        _ mode: LockMode, _ isOnSeveralKeys: Bool
    ) async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let names: [LockKey] = isOnSeveralKeys ? ["a", "b", "c"] : ["a"]
            // What stands before it keeps it out.
            let holder = try claims.next(names.map { Claim.Part($0, mode == .shared ? .exclusive : mode) })
            let waiter = try claim(names.map { Claim.Part($0, mode) }, "waits")
            try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            #expect(try await Self.notes(backends[0]) == names.flatMap { _ in ["", "waits"] })
            _ = try await backends[0].remove(holder.id)
            let token = try await backends[1].grant(of: waiter.id).token
            #expect(try await Self.notes(backends[0]) == names.map { _ in "waits" })
            let removal = try await backends[1].annotate(waiter.id, with: ClaimNote("holds"))
            #expect(removal == .removed)
            let listed = try await backends[0].claims(withPrefix: "", limit: 10)
            #expect(listed.map(\.note.text) == names.map { _ in "holds" })
            #expect(listed.map(\.token) == names.map { _ in token })
            let extended = try await backends[1].extend([waiter.id], for: .seconds(60))
            #expect(extended == Extension())
            _ = try await backends[1].remove(waiter.id)
            #expect(try server.keysLeft() == [])
        }
    }

    @Test func `a note is one call, and a claim with one costs what a claim without does`() async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let (warm, noted) = try (claims.next("warm"), claim([Claim.Part("k")], "note"))
            try await backends[0].hold(warm)
            _ = try await backends[0].annotate(warm.id, with: ClaimNote("warm"))
            _ = try await backends[0].remove(warm.id)
            // The first of a key has to look whether anybody stands there.
            try await backends[0].hold(noted)
            _ = try await backends[0].remove(noted.id)
            try server.command("CONFIG", "RESETSTAT")
            try await backends[0].hold(noted)
            _ = try await backends[0].remove(noted.id)
            var calls = try server.calls()
            for name in ["config|resetstat", "config"] { calls[name] = nil }
            #expect(calls == ["evalsha": 2, "mget": 2, "time": 1, "set": 2, "del": 1])
            try await backends[0].hold(noted)
            try server.command("CONFIG", "RESETSTAT")
            _ = try await backends[0].annotate(noted.id, with: ClaimNote("other"))
            let more = try server.calls()
            #expect(more["evalsha"] == 1 && more["eval"] == nil && more["set"] == 1, "\(more)")
        }
    }

    @Test(arguments: [LockMode.exclusive, .shared])
    func `a claim whose life is over gets no note, and is not brought back by one`(_ mode: LockMode) async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let claim = try claim([Claim.Part("k", mode), Claim.Part("l")], "alive", life: .seconds(1))
            try await backends[0].hold(claim)
            try await eventually("its life is over") { try server.command("EXISTS", "lock:k", "lock:l").int == 0 }
            let removal = try await backends[0].annotate(claim.id, with: ClaimNote("undead"))
            #expect(removal == .absent)
            #expect(try server.keysLeft() == [])
        }
    }

    @Test(arguments: [LockMode.exclusive, .shared, .permits(1, of: 2)])
    func `a peer's string that stands where a claim stood is left as it is`(_ mode: LockMode) async throws {
        let server = try await RedisServer()
        try await server.backends { backends in
            let claim = try claim([Claim.Part("k", mode)], "ours")
            try await backends[0].hold(claim)
            try server.command("SET", "lock:k", "a peer's", "PX", "30000")
            let removal = try await backends[0].annotate(claim.id, with: ClaimNote("still ours"))
            #expect(removal == .absent)
            #expect(try server.command("GET", "lock:k").text == "a peer's")
            #expect(try await Self.notes(backends[0]) == [])
        }
    }

    @Test func `a client writes notes on its own claims only`() async throws {
        let server = try await RedisServer()
        try await server.backends(2) { backends in
            let claim = try claim([Claim.Part("k")], "mine")
            try await backends[0].hold(claim)
            let removal = try await backends[1].annotate(claim.id, with: ClaimNote("yours"))
            #expect(removal == .absent)
            #expect(try await Self.notes(backends[1]) == ["mine"])
            // An operator's question finds it all the same.
            let (asked, removed) = try await (backends[1].ask(claim.id), backends[1].remove(claim.id))
            #expect(asked == .removed && removed == .removed)
        }
    }

    @Test func `notes are written behind a quarantine, too`() async throws {
        let server = try await RedisServer()
        try await server.backends(1) {
            $0.quarantine = .seconds(1)
        } _: { backends in
            let claim = try claim([Claim.Part("k")], "first")
            try await eventually("the quarantine is over") {
                (try? await backends[0].place(claim, .always).token) != nil
            }
            let removal = try await backends[0].annotate(claim.id, with: ClaimNote("second"))
            #expect(removal == .removed)
            let listed = try await Self.notes(backends[0])
            #expect(listed == ["second"])
        }
    }
}
#endif
