import Foundation
import Glibc
import ServerKit
import Testing

/// `elect`, on the embedded store.
@Suite(.timeLimit(.minutes(2))) struct ElectTests {
    private struct News: Decodable {
        let state: String
        let at: Int64
        let proposal: String?
        let token: String?
    }

    private struct Noted: Decodable {
        let state: String
        let note: String
    }

    @Test func `the leader's command runs, and its status is passed through`() async throws {
        let scratch = try Scratch()
        let run = try await scratch.run(
            "elect", "--proposal", "10.0.0.5:8080", "--ttl", "10s", "api", "--", "sh", "-c",
            "echo $HOLDFAST_NAME $HOLDFAST_MODE; exit 7")
        #expect(run.status == 7, "\(run.errors)")
        #expect(run.output == "api exclusive\n")
        #expect(try await scratch.claims().isEmpty)
        #expect(try await scratch.run("elect", "api", "-c", "exit 5").status == 5)
    }

    @Test func `one leads, the next is elected when it resigns, and listings show the proposals`() async throws {
        let scratch = try Scratch()
        let script = "echo $$ >$DIR/first; while [ ! -e $DIR/end ]; do sleep 0.02; done"
        let first = try scratch.start("elect", "--proposal", "one", "api", "--", "sh", "-c", script)
        _ = try await scratch.number(in: "first")
        let second = try scratch.start("elect", "--proposal", "two", "api", "--", "sh", "-c", "echo led")
        try await eventually("both campaign") { try await scratch.claims(on: "api").count == 2 }
        let shown = try await scratch.run("show", "api", "-o", "json")
        let claims = try JSONDecoder().decode([Noted].self, from: Data(shown.output.utf8))
        #expect(claims.map(\.note) == ["one", "two"])
        #expect(claims.map(\.state) == ["held", "waiting"])
        #expect(try await scratch.run("show", "api").output.contains("note       two"))
        #expect(try await scratch.run("ls").output.contains("NOTE"))
        #expect(try await scratch.run("elect", "-n", "-E", "9", "api", "--", "true").status == 9)
        try "".write(toFile: scratch.path("end"), atomically: true, encoding: .utf8)
        #expect(try await first.end() == 0)
        #expect(try await second.end() == 0)
        #expect(second.output == "led\n")
    }

    @Test func `a lost leadership stops the command`() async throws {
        let scratch = try Scratch()
        let leader = try scratch.start("elect", "api", "--", "sh", "-c", "echo $$ >$DIR/led; exec sleep 60")
        let command = try await scratch.number(in: "led")
        #expect(try await scratch.run("break", "--wait", "10s", "api").status == 0)
        #expect(try await leader.end() == 79)
        #expect(!Kernel.runs(command))
    }

    @Test func `observers are told of each leader, and of none`() async throws {
        let scratch = try Scratch()
        let observer = try scratch.start("elect", "--observe", "--interval", "50ms", "-o", "json", "api")
        let reader = try scratch.start("elect", "api", "--observe", "--interval", "50ms")
        try await eventually("none is told") { observer.output.contains("\"none\"") }
        try await eventually("none is said") { reader.output == "no leader\n" }
        let script = "while [ ! -e $DIR/end ]; do sleep 0.02; done"
        let leader = try scratch.start("elect", "--proposal", "one", "api", "--", "sh", "-c", script)
        try await eventually("the leader is told") { observer.output.contains("\"one\"") }
        try await eventually("the leader is said") { reader.output.contains("\nleader one token ") }
        try "".write(toFile: scratch.path("end"), atomically: true, encoding: .utf8)
        #expect(try await leader.end() == 0)
        try await eventually("its end is told") { observer.output.split(separator: "\n").count == 3 }
        try await eventually("its end is said") { reader.output.hasSuffix("\nno leader\n") }
        observer.send(SIGTERM)
        reader.send(SIGTERM)
        #expect(try await observer.end() == 128 + SIGTERM)
        #expect(try await reader.end() == 128 + SIGTERM)
        let news = try observer.output.split(separator: "\n").map {
            try JSONDecoder().decode(News.self, from: Data($0.utf8))
        }
        #expect(news.map(\.state) == ["none", "leader", "none"])
        #expect(news.map(\.proposal) == [nil, "one", nil])
        #expect(news[1].token.flatMap { Int64($0) } != nil)
    }

    @Test func `an observer ends quietly when nobody reads any more`() async throws {
        let scratch = try Scratch()
        let shell = try scratch.shell(
            "exec bash -c '$HOLDFAST elect --observe --interval 50ms api | head -1; echo ${PIPESTATUS[0]}'")
        #expect(try await shell.end() == 0)
        #expect(shell.output == "no leader\n0\n")
        #expect(shell.errors == "")
    }

    @Test(arguments: [
        ["api"], ["--observe", "api", "--", "true"], ["--observe", "--proposal", "x", "api"],
        ["--interval", "1s", "api", "--", "true"], ["-o", "json", "api", "--", "true"],
        ["--observe", "--interval", "1ms", "api"], ["--proposal", "", "api", "--", "true"],
        ["-q", "-v", "api", "--", "true"], ["-s", "api", "--", "true"],
        ["--proposal", String(repeating: "x", count: 1025), "api", "--", "true"],
    ])
    func `bad usage is 64 and one line`(_ arguments: [String]) async throws {
        let scratch = try Scratch()
        let run = try await scratch.run(["elect"] + arguments)
        #expect(run.status == 64, "\(run.errors)")
        #expect(run.errors.utf8.count { $0 == UInt8(ascii: "\n") } == 1 && run.output.isEmpty)
    }
}
