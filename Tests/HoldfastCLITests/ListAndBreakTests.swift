import Foundation
import Glibc
import ServerKit
import Testing

/// `ls`, `break` and `bench`.
@Suite(.timeLimit(.minutes(2))) struct ListAndBreakTests {
    private static let sleeper = "echo $$ >$DIR/held; exec sleep 60"

    @Test func `ls shows holders and waiters in queue order`() async throws {
        let scratch = try Scratch()
        let empty = try await scratch.run("ls", "--json")
        #expect(empty.status == 0)
        #expect(empty.output == "[]\n")

        let holder = try scratch.start("run", "a/k", "--", "sh", "-c", Self.sleeper)
        let command = try await scratch.number(in: "held")
        let waiter = try scratch.start("run", "-s", "a/k", "true")
        try await eventually("the waiter waits") { try await scratch.claims().count == 2 }
        let claims = try await scratch.claims(on: "a/")
        #expect(claims.map(\.key) == ["a/k", "a/k"])
        #expect(claims.map(\.state) == ["held", "waiting"])
        #expect(claims.map(\.mode) == ["exclusive", "shared"])
        #expect(claims[0].owner.pid == command)
        #expect(claims[0].owner.program == "sh")
        #expect(claims[0].token.flatMap { Int64($0) } != nil)
        #expect(claims[1].token == nil)
        #expect(claims[0].time_left_ms > 0 && claims[0].age_ms >= claims[1].age_ms)
        #expect(try await scratch.claims(on: "b").isEmpty)

        let members = ["key", "state", "mode", "owner", "age_ms", "token", "time_left_ms", "asked", "id", "note"]
        for arguments in [["ls", "--json"], ["ls", "-o", "json"], ["ls", "--output", "json", "--json"]] {
            let listing = try await scratch.run(arguments)
            #expect(listing.status == 0)
            let object = try JSONSerialization.jsonObject(with: Data(listing.output.utf8)) as? [[String: Any]]
            #expect(object?.map { Set($0.keys) } == [Set(members), Set(members)])
        }
        #expect(try await scratch.run("ls", "-o", "table").output.hasPrefix("KEY"))

        let table = try await scratch.run("ls").output.split(separator: "\n")
        try #require(table.count == 3)
        #expect(table[0].hasPrefix("KEY"))
        #expect(table[1].contains("held") && table[2].contains("waiting"))
        for process in [holder, waiter] {
            process.send(SIGTERM)
            try await process.end()
        }
    }

    @Test func `ls shows no terminal escapes`() async throws {
        let scratch = try Scratch()
        let script =
            "cp \"$(command -v sleep)\" \"$DIR/$(printf 'a\\033[31m')\"; "
            + "exec $HOLDFAST run \"$NAME\" \"$DIR/$(printf 'a\\033[31m')\" 60"
        let holder = try scratch.shell("NAME=\"$(printf 'k\\342\\200\\256y')\"; \(script)")
        try await eventually("it is held") { try await scratch.claims().first?.state == "held" }
        let table = try await scratch.run("ls").output
        #expect(!table.contains("\u{1B}") && !table.unicodeScalars.contains("\u{202E}"))
        #expect(table.contains("k\\u{202e}y") && table.contains("\\u{1b}"))
        holder.send(SIGTERM)
        try await holder.end()
    }

    @Test func `break asks the holder, whose command is stopped with 79`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "--", "sh", "-c", Self.sleeper)
        _ = try await scratch.number(in: "held")
        let breaking = try await scratch.run("break", "k")
        #expect(breaking.status == 0, "\(breaking.errors)")
        #expect(breaking.output.contains("asked") && breaking.output.contains("gone"))
        #expect(try await holder.end() == 79)
        #expect(try await scratch.claims().isEmpty)
    }

    @Test func `break --force removes at once, and the victim sees the loss`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "--", "sh", "-c", Self.sleeper)
        _ = try await scratch.number(in: "held")
        let breaking = try await scratch.run("break", "--force", "k")
        #expect(breaking.status == 0)
        #expect(breaking.output.contains("by force"))
        #expect(try await scratch.run("run", "-n", "k", "true").status == 0)
        #expect(try await holder.end() == 79)
    }

    @Test func `break tells in JSON what became of each holder`() async throws {
        let scratch = try Scratch()
        var readers: [Running] = []
        for _ in 1...2 { readers.append(try scratch.start("lock", "-s", "k")) }
        // Stopped, it does not notice that it is asked.
        let deaf = try scratch.start("lock", "-s", "--ttl", "20s", "k")
        try await eventually("all hold") { try await scratch.claims().count { $0.state == "held" } == 3 }
        deaf.send(SIGSTOP)
        let asked = try await scratch.run("break", "--wait", "1s", "-o", "json", "k")
        #expect(asked.status == 1)
        #expect(try outcomes(asked) == [readers[0].pid: "gone", readers[1].pid: "gone", deaf.pid: "held"])
        let forced = try await scratch.run("break", "--force", "-o", "json", "k")
        #expect(forced.status == 0)
        #expect(try outcomes(forced) == [deaf.pid: "removed"])
        let nobody = try await scratch.run("break", "-o", "json", "k")
        #expect(nobody.status == 1 && nobody.output == "[]\n")
        deaf.send(SIGCONT)
        for process in readers + [deaf] { #expect(try await process.end() == 79) }
    }

    private func outcomes(_ breaking: Running) throws -> [Int32: String] {
        struct Broken: Decodable {
            struct Owner: Decodable { let pid: Int32 }
            let owner: Owner
            let token: String
            let outcome: String
        }
        let broken = try JSONDecoder().decode([Broken].self, from: Data(breaking.output.utf8))
        return Dictionary(uniqueKeysWithValues: broken.map { ($0.owner.pid, $0.outcome) })
    }

    @Test func `break has nothing to do where nobody holds`() async throws {
        let scratch = try Scratch()
        let breaking = try await scratch.run("break", "k")
        #expect(breaking.status == 1)
        #expect(breaking.errors == "holdfast: nobody holds \"k\"\n")
    }

    @Test(arguments: [
        ["cycles", "--workers", "3"], ["cycles", "--workers", "4", "--processes", "2", "--one-key"],
        ["cycles", "--workers", "2", "--scoped", "-o", "json"], ["handoff", "--workers", "3"],
        ["handoff", "--workers", "2", "--processes", "2"], ["cycles", "--workers", "2", "--depth", "4"],
        ["updates", "--workers", "2"], ["updates", "--workers", "2", "--processes", "2", "--one-key"],
    ])
    func `bench prints one JSON object`(_ arguments: [String]) async throws {
        let scratch = try Scratch()
        let bench = try await scratch.run(["bench"] + arguments + ["--seconds", "500ms", "--json"])
        #expect(bench.status == 0, "\(bench.errors)")
        let members = ["mode", "workers", "n", "per_s", "p50_ms", "p99_ms", "again", "turns_min", "turns_max"]
        var rest = Substring(bench.output)
        for member in members {
            let range = try #require(rest.range(of: "\"\(member)\":"), "\(bench.output)")
            rest = rest[range.upperBound...]
        }
        let object = try JSONSerialization.jsonObject(with: Data(bench.output.utf8)) as? [String: Any]
        #expect((object?["n"] as? Int ?? 0) > 0)
        #expect((object?["p99_ms"] as? Double ?? 0) >= (object?["p50_ms"] as? Double ?? 1))
        #expect(try await scratch.claims().isEmpty)
    }
}
