import Testing

@testable import Holdfast

/// What those who wait say of keys where claims carry no notes.
@Suite struct WaitBoardTests {
    private func id(_ number: UInt64) -> Claim.ID { Claim.ID(client: 7, sequence: number) }

    /// A claim on a key, and the wait of which it is told.
    private func entry(
        _ claim: UInt64, waits wait: UInt64, for key: LockKey, beat: Int, shared: Bool = false, at: Int64 = 0
    ) -> WaitBoard.Entry {
        WaitBoard.Entry(
            claim: id(claim), isShared: shared,
            owner: Owner(host: "h", processID: Int32(claim), program: "p", label: "l"),
            wait: ClaimNote.Wait(claim: id(wait), key: key, since: Int64(wait)), beat: beat, writtenAt: at)
    }

    /// 1 holds a and waits by 11 for b; 2 holds b and waits by 12 for a.
    private func pair(beats: (Int, Int), shared: Bool = false) -> WaitBoards {
        var (a, b) = (WaitBoard(), WaitBoard())
        a.put(entry(1, waits: 11, for: "b", beat: beats.0, shared: shared))
        b.put(entry(2, waits: 12, for: "a", beat: beats.1))
        return WaitBoards(boards: ["a": a, "b": b])
    }

    @Test func `two that wait for each other, and go on saying so, are a deadlock`() throws {
        let now = pair(beats: (3, 2))
        let wait = ClaimNote.Wait(claim: id(12), key: "a", since: 12)
        let deadlock = try #require(now.deadlock(of: wait, pair(beats: (1, 1)), pair(beats: (2, 1))))
        #expect(deadlock.actors == [id(12), id(11)] && deadlock.isSure)
        #expect("\(deadlock)".contains("holds \"b\" and waits for \"a\""))
    }

    @Test func `who says nothing more is none, nor who came to it since`() {
        let wait = ClaimNote.Wait(claim: id(12), key: "a", since: 12)
        let now = pair(beats: (3, 2))
        #expect(now.deadlock(of: wait, pair(beats: (2, 1)), pair(beats: (3, 1))) == nil)
        #expect(now.deadlock(of: wait, WaitBoards(), pair(beats: (1, 1))) == nil)
        #expect(now.deadlock(of: wait, pair(beats: (1, 1)), WaitBoards()) == nil)
        // The same claim, and another wait.
        var first = WaitBoard()
        first.put(entry(1, waits: 13, for: "b", beat: 1))
        var other = pair(beats: (1, 1))
        other.boards["a"] = first
        #expect(now.deadlock(of: wait, other, pair(beats: (1, 1))) == nil)
    }

    @Test func `what stands as before is followed no further, and what was set back is not alive`() {
        let board = pair(beats: (2, 1)).boards["a"] ?? WaitBoard()
        #expect(board.changed(since: board).isEmpty)
        #expect(board.changed(since: pair(beats: (1, 1)).boards["a"] ?? WaitBoard()).map(\.claim) == [id(1)])
        let wait = ClaimNote.Wait(claim: id(12), key: "a", since: 12)
        #expect(pair(beats: (1, 2)).deadlock(of: wait, pair(beats: (1, 1)), pair(beats: (2, 1))) == nil)
    }

    @Test func `where one who holds says nothing it is not sure`() throws {
        func boards(_ beat: Int) -> WaitBoards {
            var boards = pair(beats: (beat, beat))
            boards.boards["b"]?.put(entry(2, waits: 14, for: "c", beat: beat))
            boards.boards["c"] = WaitBoard()
            return boards
        }
        let wait = ClaimNote.Wait(claim: id(12), key: "a", since: 12)
        #expect(try !#require(boards(3).deadlock(of: wait, boards(1), boards(2))).isSure)
    }

    /// A reader who waits is behind a writer who waits for those who read, on whatever board that one is.
    @Test func `beside readers it is not sure`() throws {
        let wait = ClaimNote.Wait(claim: id(12), key: "a", since: 12)
        let now = pair(beats: (3, 2), shared: true)
        let before = pair(beats: (1, 1), shared: true)
        #expect(try !#require(now.deadlock(of: wait, before, before)).isSure)
    }

    @Test func `a board keeps what was written last, and not too much`() throws {
        var board = WaitBoard()
        board.put(entry(1, waits: 11, for: "b", beat: 1))
        board.put(entry(1, waits: 11, for: "b", beat: 2))
        #expect(board.entries.map(\.beat) == [2])
        board.put(entry(2, waits: 12, for: "b", beat: 1, at: WaitBoard.forgottenAfter + 1))
        #expect(board.entries.map(\.claim) == [id(2)])
        for number in 0..<100 as Range<UInt64> {
            board.put(entry(100 + number, waits: 300 + number, for: "b", beat: 1, at: WaitBoard.forgottenAfter + 1))
        }
        #expect(board.entries.count == WaitBoard.entriesLimit && board.entries.last?.claim == id(199))
        let bytes = try RecordCoding.encode(board, for: "b")
        let again: WaitBoard = try RecordCoding.decode(bytes, for: "b")
        #expect(again.entries.map(\.claim) == board.entries.map(\.claim))
        #expect(again.entries.last?.owner == board.entries.last?.owner)
        #expect(again.entries.last?.wait == board.entries.last?.wait)
    }
}
