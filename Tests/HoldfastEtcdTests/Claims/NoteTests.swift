#if Etcd
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastEtcd

/// Notes: what they cost, and what they must not touch.
@Suite(.timeLimit(.minutes(1))) struct NoteTests {
    private let claims = Claims()
    /// Without the watches on own keys, which a slow machine would see.
    private var plain: ClaimBounds {
        var bounds = ClaimBounds()
        bounds.watchAfter = .seconds(3600)
        return bounds
    }

    private func notes(_ backend: EtcdBackend) async throws -> [String] {
        try await backend.claims(withPrefix: "", limit: 100).map(\.note.text)
    }

    private func through(_ proxy: FaultProxy, _ corner: Corner) -> Corner {
        var corner = corner
        corner.configuration.endpoints = proxy.configuration.endpoints
        return corner
    }

    @Test(arguments: [1, Claim.keysLimit])
    func `a note is one request, and leaves lease and token as they are`(_ keys: Int) async throws {
        let corner = try await Corner()
        try await corner.backends(bounds: plain) { backends in
            let parts = (0..<keys).map { Claim.Part(LockKey(unchecked: "k\($0)"), .shared) }
            let claim = try claims.next(parts)
            let token = try await backends[0].hold(claim)
            let name = corner.prefix + "k0/\(claim.id)"
            func entry() async throws -> Mvccpb_KeyValue {
                try #require(try await backends[0].link.range(.one(Array(name.utf8))).kvs.first)
            }
            let before = try await entry()
            let sent = backends[0].link.requestsSent.all
            for text in ["first", "second", ""] {
                let noted = try await backends[0].annotate(claim.id, with: ClaimNote(text))
                #expect(noted == .removed)
            }
            #expect(backends[0].link.requestsSent.all - sent == 3)
            let after = try await entry()
            #expect(before.lease == after.lease && before.lease != 0)
            #expect(after.createRevision == token.rawValue && after.modRevision > before.modRevision)
            #expect(before.value == after.value)
            // Under another lease, too.
            _ = try await backends[0].extend([claim.id], for: .seconds(300))
            let moved = backends[0].link.requestsSent.all
            _ = try await backends[0].annotate(claim.id, with: ClaimNote("third"))
            #expect(backends[0].link.requestsSent.all - moved == 1)
            let last = try await entry()
            #expect(last.lease != before.lease && ClaimValue(last.value.bytes)?.note.text == "third")
        }
    }

    @Test func `a note and a request to let go do not overwrite one another`() async throws {
        let corner = try await Corner()
        try await corner.backends(2, bounds: plain) { backends in
            for round in 0..<20 {
                let claim = try claims.next("k")
                try await backends[0].hold(claim)
                async let asked = backends[1].ask(claim.id)
                async let noted = backends[0].annotate(claim.id, with: ClaimNote("round \(round)"))
                let both = try await (asked, noted)
                #expect(both == (.removed, .removed))
                let listed = try #require(try await backends[1].claims(withPrefix: "k", limit: 1).first)
                #expect(listed.isAsked && listed.note.text == "round \(round)")
                let outcome = try await backends[0].extend([claim.id], for: .seconds(60))
                #expect(outcome.asked == [claim.id])
                _ = try await backends[0].remove(claim.id)
            }
            let left = try await corner.left()
            #expect(left == [])
        }
    }

    @Test func `who waits for a claim does not hear of its notes`() async throws {
        let corner = try await Corner()
        try await corner.backends(2, bounds: plain) { backends in
            let (holder, waiter) = (try claims.next("k"), try claims.next("k"))
            try await backends[0].hold(holder)
            try await backends[1].wait(waiter)
            async let grant = backends[1].grant(of: waiter.id)
            try await eventually("it is watched") { backends[1].link.requestsSent.watchesCreated >= 2 }
            // Whatever follows from the watch: one read at most.
            let before = backends[1].link.requestsSent
            for number in 0..<50 {
                let noted = try await backends[0].annotate(holder.id, with: ClaimNote("\(number)"))
                #expect(noted == .removed)
            }
            _ = try await backends[0].remove(holder.id)
            let token = try await grant.token
            let after = backends[1].link.requestsSent
            #expect(after.all - before.all <= 2, "\(after.all - before.all) requests")
            #expect(after.watchesCreated == before.watchesCreated)
            // A note on the waiter did not put it at the end, and its own says nothing to it.
            let noted = try await backends[1].annotate(waiter.id, with: ClaimNote("held"))
            let placed = try await backends[1].place(waiter, .always)
            #expect(noted == .removed && placed.token == token)
        }
    }

    @Test func `a note on a claim that is gone does not meet the one that has its name`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            backends[0].soleClient.store(claims.client, ordering: .relaxed)
            let (old, new) = (try claims.next("k"), try claims.next("k"))
            try await backends[0].hold(old)
            let name = try await corner.left()
            let listed = try await backends[1].claims(withPrefix: "", limit: 1)
            #expect(listed.map(\.id) == [old.id])
            _ = try await backends[0].remove(old.id)
            try await backends[0].hold(new)
            let same = try await corner.left()
            #expect(same == name && name.count == 1)
            for backend in backends {
                let noted = try await backend.annotate(old.id, with: ClaimNote("late"))
                #expect(noted == .absent)
            }
            let before = try await notes(backends[1])
            #expect(before == [""])
            _ = try await backends[0].annotate(new.id, with: ClaimNote("mine"))
            let after = try await backends[1].claims(withPrefix: "", limit: 10)
            #expect(after.map(\.note.text) == ["mine"] && after.map(\.id) == [new.id])
        }
    }

    /// It is sent while the claim stands, and executed when another has its name.
    @Test func `a note that comes late is not written to a later claim, and tells of the loss`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        var slow = through(proxy, corner)
        slow.configuration.requestTimeout = .seconds(20)
        try await slow.backends(bounds: plain) { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            let name = corner.prefix + "k/\(claim.id)"
            proxy.requests = .hold
            async let noted = backends[0].annotate(claim.id, with: ClaimNote("late"))
            try await corner.server.control("del", name)
            try await corner.server.control("put", name, "another's")
            proxy.requests = .pass
            let removal = try await noted
            #expect(removal == .absent)
            let value = try await corner.server.control("get", "--print-value-only", name)
            #expect(value == "another's\n")
            let outcome = try await backends[0].extend([claim.id], for: .seconds(30))
            #expect(outcome.gone == [claim.id])
            try await corner.server.control("del", name)
        }
    }

    @Test func `a note whose answer was lost does not stand in the way of the next`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await through(proxy, corner).backends(bounds: plain, link: .short) { backends in
            let claim = try claims.next("k")
            try await backends[0].hold(claim)
            proxy.replies = .drop
            let error = await failure { () async throws(LockError) in
                try await backends[0].annotate(claim.id, with: ClaimNote(encoded: "lost"))
            }
            #expect(error?.code == .unavailable)
            proxy.replies = .pass
            proxy.cut()
            try await eventually("the note is there") { try await self.notes(of: corner, claim) == "lost" }
            try await eventually("the connection is back") {
                (try? await backends[0].annotate(claim.id, with: ClaimNote("next"))) == .removed
            }
            let note = try await notes(of: corner, claim)
            #expect(note == "next")
            let before = backends[0].link.requestsSent.all
            _ = try await backends[0].annotate(claim.id, with: ClaimNote("last"))
            #expect(backends[0].link.requestsSent.all - before == 1)
        }
    }

    /// Its caller has given it up, and the claim has another note since.
    @Test func `a note that comes late does not overwrite a later one`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await corner.backends { direct in
            try await through(proxy, corner).backends(bounds: plain, link: .short) { backends in
                let claim = try claims.next("k")
                try await backends[0].hold(claim)
                let placed = try await direct[0].place(claim, .always)
                #expect(placed.token != nil)
                proxy.requests = .hold
                let error = await failure { () async throws(LockError) in
                    try await backends[0].annotate(claim.id, with: ClaimNote(encoded: "early"))
                }
                #expect(error?.code == .unavailable)
                let noted = try await direct[0].annotate(claim.id, with: ClaimNote("later"))
                #expect(noted == .removed)
                proxy.requests = .pass
                // Whatever was held back has come to the server before this.
                try await eventually("it answers") { (try? await self.notes(backends[0])) != nil }
                let note = try await notes(of: corner, claim)
                #expect(note == "later")
                _ = try await direct[0].remove(claim.id)
            }
        }
    }

    private func notes(of corner: Corner, _ claim: Claim) async throws -> String? {
        let name = corner.prefix + "k/\(claim.id)"
        let text = try await corner.server.control("get", "--print-value-only", name)
        return ClaimValue(Array(text.utf8.dropLast()))?.note.text
    }

    /// Its place is of unknown outcome, or another client's.
    @Test func `a claim is noted whose answer this client has not seen`() async throws {
        let corner = try await Corner()
        let proxy = try await FaultProxy(to: corner.server.port)
        try await corner.backends { direct in
            try await through(proxy, corner).backends(bounds: plain, link: .short) { backends in
                let parts = [Claim.Part("a"), Claim.Part("b")]
                let shared = try claims.next(parts)
                let token = try await direct[0].hold(shared)
                let same = try await backends[0].hold(shared)
                let noted = try await backends[0].annotate(shared.id, with: ClaimNote("from there"))
                let notes = try await notes(direct[0])
                #expect(same == token && noted == .removed && notes == ["from there", "from there"])
                // Its own client has not seen that, and goes on.
                let own = try await direct[0].annotate(shared.id, with: ClaimNote("from here"))
                let after = try await self.notes(direct[0])
                #expect(own == .removed && after == ["from here", "from here"])
                _ = try await direct[0].remove(shared.id)
                let claim = try claims.next("k")
                proxy.replies = .drop
                _ = try? await backends[0].place(claim, .always)
                proxy.replies = .pass
                proxy.cut()
                try await eventually("the connection is back") {
                    (try? await backends[0].annotate(claim.id, with: ClaimNote("found"))) == .removed
                }
                let found = try await self.notes(direct[0])
                #expect(found == ["found"])
                let placed = try await backends[0].place(claim, .always)
                #expect(placed.token != nil)
            }
        }
    }
}
#endif
