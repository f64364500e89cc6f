/// What a claim's note should say, and what is known to stand in the store.
struct LeaseNotes: Sendable {
    /// `nil` where it says what it was placed with.
    var text: ClaimNote?
    /// What the owner waits for, by waiting claim: sibling tasks may wait at once.
    var waits: [Claim.ID: [ClaimNote.Wait]] = [:]
    /// `nil` where it is what the claim was placed with.
    var written: ClaimNote?
    var isWriting = false
    /// Whether the last write's outcome is unknown.
    var isUnknown = false
}

extension LockClient {
    /// Changes what a claim's note says its owner waits for, and writes it to the store. One round trip, or none.
    func note(
        _ state: LeaseState, _ change: @Sendable (inout [Claim.ID: [ClaimNote.Wait]]) -> Void
    ) async throws(LockError) {
        state.update { core in
            var notes = core.notes ?? LeaseNotes()
            change(&notes.waits)
            core.notes = notes
        }
        try await writeNote(state)
    }

    /// Replaces the text of a claim's note, and leaves what it says of waits.
    ///
    /// - Returns: whether the claim was there; `nil` where nothing had to be written by this caller.
    func note(_ state: LeaseState, text: ClaimNote) async throws(LockError) -> Removal? {
        state.update { core in
            var notes = core.notes ?? LeaseNotes()
            notes.text = text
            core.notes = notes
        }
        return try await writeNote(state)
    }

    /// Brings the store up to date. Where a write is under way its writer writes again: two would overtake each other.
    @discardableResult
    private func writeNote(_ state: LeaseState) async throws(LockError) -> Removal? {
        var answer: Removal?
        while let note = state.noteToWrite() {
            do throws(LockError) {
                answer = try await backend.annotate(state.claim.id, with: note)
                state.noteWritten(note)
            } catch {
                state.noteWritten(nil)
                throw error
            }
        }
        return answer
    }
}

extension LeaseState {
    /// - Returns: the note as it should be; `nil` where it is, or is being written.
    fileprivate func noteToWrite() -> ClaimNote? {
        update { core in
            guard var notes = core.notes, !notes.isWriting else { return nil }
            let waits = notes.waits.sorted { $0.key < $1.key }.flatMap(\.value)
            let note = (notes.text ?? claim.note).waiting(for: waits)
            guard note != notes.written ?? claim.note || notes.isUnknown else { return nil }
            notes.isWriting = true
            core.notes = notes
            return note
        }
    }

    /// - Parameter note: `nil` where it is not known what stands there.
    fileprivate func noteWritten(_ note: ClaimNote?) {
        update { core in
            core.notes?.isWriting = false
            core.notes?.isUnknown = note == nil
            if let note { core.notes?.written = note }
        }
    }
}
