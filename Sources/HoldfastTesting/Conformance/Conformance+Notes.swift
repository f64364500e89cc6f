import Holdfast

extension Conformance {
    static let notes: [ConformanceCase] = [
        ConformanceCase("a claim is listed with the note that it was placed with", [.notes, .listing]) { stage in
            let text = "10.0.0.5:8080 \u{e9}\n*%"
            let held = try stage.claim([Claim.Part(stage.key("a"))], note: ClaimNote(text))
            let waiting = try stage.claim([Claim.Part(stage.key("a"))], note: ClaimNote("second"))
            let plain = try stage.claim("b")
            for claim in [held, waiting, plain] { _ = try await stage.backend.place(claim, .always) }
            try await expectNotes([text, "second", ""], stage)
        },
        ConformanceCase("a note is replaced while its claim waits and while it is held", [.notes, .listing]) { stage in
            let held = try stage.claim("a")
            let waiting = try stage.claim([Claim.Part(stage.key("a"))], note: ClaimNote("first"))
            try await stage.hold(held)
            try await stage.wait(waiting)
            let edge = ClaimNote.Wait(claim: waiting.id, key: stage.key("a"), since: 1_700_000_000_000_000)
            let note = try ClaimNote("holder", waits: [edge, edge])
            try require(try await stage.backend.annotate(held.id, with: note) == .removed, "the holder was there")
            try require(
                try await stage.backend.annotate(waiting.id, with: ClaimNote("waiter")) == .removed,
                "the waiter was there")
            try await expectNotes(["holder", "waiter"], stage)
            let listed = try await stage.backends[2].claims(withPrefix: stage.prefix, limit: 10)
            try require(listed.first?.note.waits == [edge, edge], "the waits are \(listed.first?.note.waits ?? [])")
            try await stage.remove(held)
            try await stage.granted(waiting)
            try await expectNotes(["waiter"], stage)
            try require(
                try await stage.backend.annotate(waiting.id, with: .empty) == .removed, "the new holder was there")
            try await expectNotes([""], stage)
            try require(try await stage.isHeld(waiting), "a claim whose note was replaced is held still")
        },
        ConformanceCase("a note has no effect on order, token or life", [.notes, .listing, .fifo]) { stage in
            let claims = try (0..<3).map { _ in try stage.claim("a") }
            let token = try await stage.hold(claims[0])
            for claim in claims.dropFirst() { try await stage.wait(claim, on: stage.backends[1]) }
            for claim in claims.reversed() {
                let backend = claim.id == claims[0].id ? stage.backend : stage.backends[1]
                _ = try await backend.annotate(claim.id, with: ClaimNote("note of \(claim.id)"))
            }
            let listed = try await stage.backend.claims(withPrefix: stage.prefix, limit: 10)
            try require(listed.map(\.id) == claims.map(\.id), "the order is \(listed.map { ClaimState($0) })")
            try require(listed.first?.token == token, "the token is \(String(describing: listed.first?.token))")
            try await stage.remove(claims[0])
            try await stage.granted(claims[1], on: stage.backends[1])
        },
        ConformanceCase("a claim of several keys has one note", [.notes, .listing, .severalKeys]) { stage in
            let parts = ["a", "b", "c"].map { Claim.Part(stage.key($0)) }
            let claim = try stage.claim(parts, note: ClaimNote("all three"))
            try await stage.hold(claim)
            try await expectNotes(["all three", "all three", "all three"], stage)
            _ = try await stage.backend.annotate(claim.id, with: ClaimNote("and again"))
            try await expectNotes(["and again", "and again", "and again"], stage)
        },
        ConformanceCase("a note on a claim that is gone says so, and makes none", [.notes, .listing]) { stage in
            let claim = try stage.claim("a")
            try await stage.hold(claim)
            try await stage.remove(claim)
            try require(
                try await stage.backend.annotate(claim.id, with: ClaimNote("late")) == .absent, "it was removed")
            let unknown = try stage.claim("b")
            try require(
                try await stage.backend.annotate(unknown.id, with: ClaimNote("never")) == .absent,
                "it was never placed")
            let listed = try await stage.backend.claims(withPrefix: stage.prefix, limit: 10)
            try require(listed.isEmpty, "listed: \(listed.map { ClaimState($0) })")
        },
        ConformanceCase("the longest note is kept whole", [.notes, .listing]) { stage in
            let text = String(repeating: "\u{e9}", count: ClaimNote.textBytesLimit / 2)
            let claim = try stage.claim([Claim.Part(stage.key("a"))], note: ClaimNote(text))
            try await stage.hold(claim)
            let long = LockKey(unchecked: String(repeating: "/", count: LockKey.bytesLimit))
            let waits = (0..<ClaimNote.waitsLimit).map { ClaimNote.Wait(claim: claim.id, key: long, since: Int64($0)) }
            _ = try await stage.backend.annotate(claim.id, with: ClaimNote(text, waits: waits))
            try await expectNotes([text], stage)
            let listed = try await stage.backend.claims(withPrefix: stage.prefix, limit: 10)
            try require(listed.first?.note.waits == waits, "\(listed.first?.note.waits.count ?? 0) waits are listed")
        },
    ]

    private static func expectNotes(_ texts: [String], _ stage: ConformanceStage) async throws {
        let listed = try await stage.backends[1].claims(withPrefix: stage.prefix, limit: 10).map(\.note.text)
        try require(listed == texts, "the notes are \(listed), and should be \(texts)")
    }
}
