#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// Notes beside what other clients do with the same nodes.
@Suite(.timeLimit(.minutes(2))) struct NoteTests {
    private let claims = Claims()
    private let parts = [Claim.Part("a"), Claim.Part("b")]

    @Test func `a note is one request, for several keys as well`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            for (parts, request) in [([Claim.Part("a")], OpCode.setData), (parts, .multi)] {
                let claim = try claims.next(parts)
                try await backends[0].hold(claim)
                for text in ["one", "two", ""] {
                    let before = backends[0].requestsSent
                    let removal = try await backends[0].annotate(claim.id, with: ClaimNote(text))
                    #expect(removal == .removed)
                    let sent = backends[0].requestsSent.merging(before) { $0 - $1 }
                        .filter { $0.value > 0 && $0.key != .ping && $0.key != .sync }
                    #expect(sent == [request: 1])
                    let listed = try await backends[0].claims(withPrefix: "", limit: 10)
                    #expect(listed.map(\.note.text) == parts.map { _ in text })
                }
                _ = try await backends[0].remove(claim.id)
            }
        }
    }

    @Test(arguments: 0..<2) func `neither a note nor a question is lost where both are written at once`(
        _ severalKeys: Int
    ) async throws {
        let corner = try await Corner()
        let parts = severalKeys == 1 ? parts : [parts[0]]
        try await corner.backends(3) { backends in
            for round in 0..<10 {
                let claim = try claims.next(parts)
                try await backends[0].hold(claim)
                // Begins to watch it.
                if round % 2 == 1 { _ = try await backends[0].extend([claim.id], for: .seconds(30)) }
                async let first = backends[1].ask(claim.id)
                async let second = backends[2].ask(claim.id)
                for note in 0..<20 { _ = try await backends[0].annotate(claim.id, with: ClaimNote("note \(note)")) }
                let asked = try await [first, second]
                #expect(asked == [.removed, .removed])
                let listed = try await backends[1].claims(withPrefix: "", limit: 10)
                #expect(listed.map(\.note.text) == parts.map { _ in "note 19" })
                #expect(listed.contains { $0.isAsked })
                let extended = try await backends[0].extend([claim.id], for: .seconds(30))
                #expect(extended.asked == [claim.id] && extended.gone.isEmpty)
                _ = try await backends[0].remove(claim.id)
            }
        }
    }

    @Test func `who asks with what it read before a note was replaced does not bring the old one back`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            _ = try await backends[0].annotate(claim.id, with: ClaimNote("old"))
            let (life, session) = try await backends[1].anySession()
            let stale = try #require(try await backends[1].locate(claim.id, session).first)
            _ = try await backends[0].annotate(claim.id, with: ClaimNote("new"))
            let removal = try await backends[1].mark(stale, session)
            #expect(removal == .removed)
            let listed = try await backends[1].claims(withPrefix: "", limit: 10)
            #expect(listed.map(\.note.text) == ["new"] && listed.map(\.isAsked) == [true])
            // And the owner, who knows nothing of the question yet, does not take it back.
            _ = try await backends[0].annotate(claim.id, with: ClaimNote("last"))
            let after = try await backends[1].claims(withPrefix: "", limit: 10)
            #expect(after.map(\.note.text) == ["last"] && after.map(\.isAsked) == [true])
            backends[1].lives.release([life])
            _ = try await backends[0].remove(claim.id)
        }
    }

    @Test func `a note on a blocker wakes nobody for good, and its end is still heard`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            let (holder, waiter) = (try claims.next("k"), try claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            for note in 0..<5 {
                let before = backends[1].requestsSent[.data, default: 0]
                try await eventually("it watches again") {
                    // Until one comes after the last watch was set: that may be under way still.
                    _ = try await backends[0].annotate(holder.id, with: ClaimNote("\(note)"))
                    return backends[1].requestsSent[.data, default: 0] > before
                }
                #expect(backends[1].roster.update { $0.claims[waiter.id]?.phase } == .waiting)
            }
            _ = try await backends[0].remove(holder.id)
            let grant = try await backends[1].grant(of: waiter.id)
            #expect(grant.token.rawValue > 0)
            _ = try await backends[1].remove(waiter.id)
        }
    }

    @Test func `a note on a node that an operator deleted says so, and makes none`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            for parts in [[parts[0]], parts] {
                let claim = try claims.next(parts)
                try await backends[0].hold(claim)
                let node = try #require(backends[0].roster.update { $0.claims[claim.id]?.parts[0].path })
                try await corner.server.configuration.session { try await $0.delete(node) }
                let removal = try await backends[0].annotate(claim.id, with: ClaimNote("late"))
                #expect(removal == .absent)
                let listed = try await backends[0].claims(withPrefix: "a", limit: 10)
                #expect(listed.isEmpty)
                _ = try await backends[0].remove(claim.id)
            }
        }
    }
}
#endif
