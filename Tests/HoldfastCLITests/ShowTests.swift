import Foundation
import Glibc
import ServerKit
import Testing

/// `show` and `who`.
@Suite(.timeLimit(.minutes(2))) struct ShowTests {
    private struct Shown: Decodable {
        struct Owner: Decodable {
            let host: String
            let pid: Int32
            let program: String
            let label: String
        }
        struct Part: Decodable, Equatable {
            let key: String
            let mode: String
        }
        let key: String
        let state: String
        let mode: String
        let token: String?
        let id: String
        let asked: Bool
        let age_ms: Int64
        let owner: Owner
        let claim: [Part]
    }

    /// A holder of `a,k`, a reader that waits for `k`, and a holder of a name that continues it.
    private func scene(_ scratch: Scratch) async throws -> [Running] {
        let holder = try scratch.start("lock", "--name", "night job", "a,k")
        try await eventually("it is held") { try await scratch.claims().count == 2 }
        let reader = try scratch.start("lock", "-s", "k")
        let other = try scratch.start("lock", "k/other")
        try await eventually("all are there") { try await scratch.claims().count == 4 }
        return [holder, reader, other]
    }

    private func end(_ scene: [Running]) async throws {
        for process in scene {
            process.send(SIGTERM)
            try await process.end()
        }
    }

    @Test func `show tells all of one key, in order, with the other keys of each claim`() async throws {
        let scratch = try Scratch()
        let scene = try await scene(scratch)
        let show = try await scratch.run("show", "k", "-o", "json")
        #expect(show.status == 0)
        let shown = try JSONDecoder().decode([Shown].self, from: Data(show.output.utf8))
        #expect(shown.map(\.key) == ["k", "k"])
        #expect(shown.map(\.state) == ["held", "waiting"])
        #expect(shown.map(\.owner.pid) == scene.prefix(2).map(\.pid))
        #expect(shown.map(\.owner.label) == ["night job", ""])
        #expect(shown[0].token.flatMap { Int64($0) } != nil && shown[1].token == nil)
        #expect(shown[0].claim == [.init(key: "a", mode: "exclusive"), .init(key: "k", mode: "exclusive")])
        #expect(shown[1].claim == [.init(key: "k", mode: "shared")])
        #expect(Set(shown.map(\.id)).count == 2 && !shown[0].asked)

        let text = try await scratch.run("show", "k").output
        #expect(text.hasPrefix("k: 1 held, 1 waiting\n"))
        for piece in ["1. held, exclusive", "2. waiting, shared", "night job", "a (exclusive)", shown[0].id] {
            #expect(text.contains(piece), "\(text)")
        }
        #expect(!text.contains("k/other"))
        try await end(scene)
    }

    @Test func `who tells the holders, one a line`() async throws {
        let scratch = try Scratch()
        let scene = try await scene(scratch)
        let who = try await scratch.run("who", "k")
        #expect(who.status == 0)
        var name = [CChar](repeating: 0, count: 256)
        gethostname(&name, name.count)
        let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        #expect(who.output == "\(host) \(scene[0].pid) holdfast night job\n")
        let json = try await scratch.run("who", "-o", "json", "k")
        #expect(json.output.hasPrefix("[{\"key\":\"k\",\"state\":\"held\"") && json.output.hasSuffix("}]\n"))
        try await end(scene)
    }

    @Test func `what nobody holds is 1`() async throws {
        let scratch = try Scratch()
        let who = try await scratch.run("who", "k")
        #expect(who.status == 1 && who.output == "" && who.errors == "")
        #expect(try await scratch.run("who", "k", "-o", "json").output == "[]\n")
        let show = try await scratch.run("show", "k")
        #expect(show.status == 1 && show.output == "")
        #expect(show.errors == "holdfast: nobody holds \"k\" or waits for it\n")
        let json = try await scratch.run("show", "k", "-o", "json")
        #expect(json.status == 1 && json.output == "[]\n" && json.errors == "")
    }

    @Test func `names and labels cannot move the cursor`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.shell(
            "exec $HOLDFAST lock --name \"$(printf 'a\\033[31mb\\nc')\" \"$(printf 'k\\342\\200\\256y')\"")
        try await eventually("it is held") { try await scratch.claims().count == 1 }
        for arguments in [["show", "k\u{202E}y"], ["who", "k\u{202E}y"], ["who", "-o", "json", "k\u{202E}y"]] {
            let run = try await scratch.run(arguments)
            #expect(run.status == 0)
            #expect(!run.output.contains("\u{1B}") && !run.output.unicodeScalars.contains("\u{202E}"))
        }
        #expect(try await scratch.run("who", "k\u{202E}y").output.contains("a\\u{1b}[31mb\\u{a}c"))
        try await end([holder])
    }

    @Test(arguments: [
        ["show"], ["show", ""], ["show", "a\nb"], ["show", "-o", "xml", "k"], ["show", "-o"], ["show", "k", "l"],
        ["who"], ["who", ""], ["who", "-o", "JSON", "k"], ["lock"], ["lock", ""], ["lock", "a,,b"], ["lock", "a,a"],
        ["lock", "-s", "-x", "k"], ["lock", "--nonsense", "k"], ["lock", "k", "l"], ["lock", "--ttl", "1ms", "k"],
        ["lock", "a\u{1B}[2Jb"], ["ls", "-o", "xml"], ["ls", "--json", "-o", "table"], ["break", "-o", "x", "k"],
        ["bench", "cycles", "-o", "x"], ["watch", "-o", "x"], ["watch", "--interval", "1ms"],
        ["watch", "--interval", "x"], ["watch", "a", "b"], ["doctor", "x"], ["doctor", "-o", "x"], ["completion"],
        ["completion", "tcsh"], ["completion", ""],
    ])
    func `bad usage is 64 and one line`(_ arguments: [String]) async throws {
        let scratch = try Scratch()
        let run = try await scratch.run(arguments)
        #expect(run.status == 64)
        #expect(run.output == "")
        #expect(run.errors.hasPrefix("holdfast: ") && !run.errors.contains("\u{1B}"))
        #expect(run.errors.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
    }

    @Test(arguments: [["lock", "k"], ["show", "k"], ["who", "k"], ["watch"], ["doctor"], ["break", "k"]])
    func `a store that cannot be used is 69 and one line`(_ arguments: [String]) async throws {
        let scratch = try Scratch()
        let run = try await scratch.run(arguments + ["--store", "sqlite://\(scratch.path("missing/locks"))"])
        #expect(run.status == 69)
        #expect(run.output == "")
        #expect(run.errors.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
    }
}
