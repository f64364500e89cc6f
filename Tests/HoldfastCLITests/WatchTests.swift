import Foundation
import Glibc
import Holdfast
import ServerKit
import Testing

@testable import HoldfastCLI

/// `watch`.
@Suite(.timeLimit(.minutes(2))) struct WatchTests {
    private struct Change: Decodable {
        let event: String
        let at: Int64
        let key: String
        let state: String
        let token: String?
        let asked: Bool
    }

    private func read(_ watch: Running) throws -> [Change] {
        try watch.output.split(separator: "\n").map { try JSONDecoder().decode(Change.self, from: Data($0.utf8)) }
    }

    @Test func `into a pipe it tells the present state, then each change`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "a/k")
        try await eventually("it is held") { try await scratch.claims().count == 1 }
        let watch = try scratch.start("watch", "--interval", "50ms", "a/")
        try await eventually("the present state is told") { watch.output.contains("\n") }
        let waiter = try scratch.start("lock", "a/k")
        let other = try scratch.start("lock", "b")
        try await eventually("the waiter is told") { watch.output.contains("\"event\":\"waiting\"") }
        #expect(try await scratch.run("break", "--wait", "10s", "a/k").status == 0)
        try await eventually("the successor is told") { try read(watch).count { $0.event == "held" } == 2 }
        waiter.send(SIGTERM)
        try await eventually("its end is told") { try read(watch).count { $0.event == "gone" } == 2 }
        watch.send(SIGTERM)
        #expect(try await watch.end() == 128 + SIGTERM)

        let changes = try read(watch)
        #expect(changes.allSatisfy { $0.key == "a/k" && $0.at > 0 })
        // What comes and goes between two looks is not seen: the asking may be.
        #expect(changes.map(\.event).filter { $0 != "asked" } == ["held", "waiting", "gone", "held", "gone"])
        #expect(changes.first?.token.flatMap { Int64($0) } != nil)
        other.send(SIGTERM)
        for process in [holder, waiter, other] { try await process.end() }
    }

    @Test(arguments: ["true", "head -1 >/dev/null"])
    func `it ends quietly when nobody reads any more`(_ reader: String) async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "k")
        try await eventually("it is held") { try await scratch.claims().count == 1 }
        let shell = try scratch.shell(
            "exec bash -c '$HOLDFAST watch --interval 50ms | \(reader); echo ${PIPESTATUS[0]}'")
        #expect(try await shell.end() == 0)
        #expect(shell.output == "0\n")
        #expect(shell.errors == "")
        holder.send(SIGTERM)
        try await holder.end()
    }

    @Test func `tables may be had in a pipe too, one for each change`() async throws {
        let scratch = try Scratch()
        let watch = try scratch.start("watch", "-o", "table", "--interval", "50ms")
        try await eventually("the first table") { watch.output.contains("KEY") }
        let holder = try scratch.start("lock", "k")
        try await eventually("the second table") { watch.output.contains("held") }
        watch.send(SIGTERM)
        try await watch.end()
        #expect(watch.output.components(separatedBy: "KEY").count == 3)
        #expect(!watch.output.contains("\u{1B}"))
        holder.send(SIGTERM)
        try await holder.end()
    }

    @Test func `on a terminal it draws the table again in its place, and Ctrl-C leaves the cursor below it`()
        async throws
    {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "k")
        try await eventually("it is held") { try await scratch.claims().count == 1 }
        // script(1) makes the terminal.
        let terminal = try scratch.shell(
            "exec script -qefc \"stty rows 10 cols 60; echo \\$\\$ >$DIR/pid; exec $HOLDFAST watch\" /dev/null")
        let watch = try await scratch.number(in: "pid")
        try await eventually("the table is drawn") { terminal.output.contains("1 held, 0 waiting") }
        holder.send(SIGTERM)
        try await eventually("the table is drawn again") { terminal.output.contains("0 held, 0 waiting") }
        kill(watch, SIGINT)
        #expect(try await terminal.end() == 128 + SIGINT)
        #expect(terminal.output.contains("\u{1B}[H"))
        #expect(terminal.output.last?.isNewline == true)
        // No line is longer than the terminal is wide, and no other screen was switched to.
        #expect(terminal.output.split(whereSeparator: \.isNewline).allSatisfy { $0.count <= 60 + 20 })
        #expect(!terminal.output.contains("\u{1B}[?"))
        try await holder.end()
    }
}

// MARK: - Its parts

extension WatchTests {
    private func record(_ number: UInt64, _ key: LockKey, held: Bool, asked: Bool = false) -> ClaimRecord {
        ClaimRecord(
            key: key, id: Claim.ID(client: 1, sequence: number), mode: .exclusive,
            owner: Owner(host: "h", processID: 1, program: "p"), token: held ? FencingToken(rawValue: 9) : nil,
            age: .seconds(1), remaining: .seconds(1), isAsked: asked)
    }

    @Test func `a change is told once, also of a claim on several keys`() {
        var diff = WatchDiff()
        let first = diff.update([record(1, "a", held: true), record(2, "a", held: false), record(2, "b", held: false)])
        #expect(first.map(\.event) == [.held, .waiting, .waiting])
        #expect(
            diff.update([record(1, "a", held: true), record(2, "a", held: false), record(2, "b", held: false)]).isEmpty)
        let asked = diff.update([
            record(1, "a", held: true, asked: true), record(2, "a", held: false), record(2, "b", held: false),
        ])
        #expect(asked.map(\.event) == [.asked])
        let next = diff.update([record(2, "a", held: true), record(2, "b", held: true)])
        #expect(next.map(\.event) == [.gone, .held, .held])
        #expect(next.map(\.record.key) == ["a", "a", "b"])
        #expect(diff.update([]).map(\.event) == [.gone, .gone])
    }

    @Test func `a line is cut to the columns that it takes`() {
        #expect(LiveScreen.cut("abcdef", to: 4) == "abcd")
        #expect(LiveScreen.cut("漢字かな", to: 5) == "漢字")
        #expect(LiveScreen.cut("ab", to: 10) == "ab")
    }
}
