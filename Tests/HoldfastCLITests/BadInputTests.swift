import Foundation
import ServerKit
import Testing

/// Bad input: one clear line, the right status, and never a trap.
@Suite(.timeLimit(.minutes(2))) struct BadInputTests {
    @Test(arguments: [
        ["run"], ["run", "k"], ["run", "k", "--"], ["run", "", "true"], ["run", "k", ""],
        ["run", String(repeating: "x", count: 513), "true"], ["run", "a\nb", "true"], ["run", "a\u{1B}[2Jb", "true"],
        ["run", "a\u{85}b", "true"], ["run", "--nonsense", "k", "true"], ["run", "-w", "-1", "k", "true"],
        ["run", "-w", "nan", "k", "true"], ["run", "-w", "1e300", "k", "true"], ["run", "-w"],
        ["run", "-w", "99999999999999999999h", "k", "true"], ["run", "-n", "-w", "1", "k", "true"],
        ["run", "--ttl", "0", "k", "true"], ["run", "--ttl", "-5s", "k", "true"], ["run", "--ttl", "1ms", "k", "true"],
        ["run", "--ttl", "9223372036854775807", "k", "true"], ["run", "--ttl", "25h", "k", "true"],
        ["run", "-E", "256", "k", "true"], ["run", "-E", "-1", "k", "true"], ["run", "-E", "x", "k", "true"],
        ["run", "--permits", "0/3", "k", "true"], ["run", "--permits", "4/3", "k", "true"],
        ["run", "--permits", "1", "k", "true"], ["run", "--permits", "1/", "k", "true"],
        ["run", "--permits", "-1/3", "k", "true"], ["run", "--permits", "1/99999999999999999999", "k", "true"],
        ["run", "-s", "--permits", "1/3", "k", "true"], ["run", "--store", "nonsense", "k", "true"],
        ["run", "--store", "gopher://x", "k", "true"], ["run", "--store", "", "k", "true"],
        ["run", "--store", "sqlite:///tmp/x?nonsense=1", "k", "true"], ["ls", "--nonsense"], ["break"],
        ["break", ""], ["break", "a\nb"], ["bench"], ["bench", "nonsense"], ["bench", "push"],
        ["bench", "cycles", "--workers", "0"], ["bench", "cycles", "--workers", "-1"],
        ["bench", "cycles", "--seconds", "0"], ["bench", "cycles", "--depth", "17"], ["bench", "raw", "--depth", "2"],
        ["nonsense"],
        ["bench", "cycles", "--processes", "9", "--workers", "3"], ["run", "a,,b", "true"], ["run", "a,a", "true"],
        ["run", "-s", "-x", "k", "true"], ["run", "-u", "k"], ["run", "-F", "k", "true"],
        ["run", "-q", "-v", "k", "true"], ["run", "--kill-after", "11s", "k", "true"],
        ["run", "--ttl", "3s", "--kill-after", "2s", "k", "true"], ["run", "--min-hold", "x", "k", "true"],
        ["run", "--min-hold", "30s", "--max-hold", "20s", "k", "true"],
        ["run", "--max-hold", "0", "k", "true"], ["run", "--on-lost", "signal:NONE", "k", "true"],
        ["run", "--on-lost", "", "k", "true"], ["run", "k", "-c"], ["run", "k", "-c", "true", "x"],
        ["run", "-c", "true", "k", "x"], ["run", "--fd", "9", "k"], ["run", "--fd", "1", "k"],
        ["run", "--fd", "9", "k", "true"], ["run", "--name", String(repeating: "x", count: 257), "k", "true"],
        ["run", "--store", "redis://user:secret@host/", "k", "true"],
        ["run", "--store", "memory://", "k", "true"], ["once", "--store", "memory://", "k", "true"],
        ["elect", "--store", "memory://", "k", "--", "true"], ["elect", "--store", "memory://", "--observe", "k"],
        ["lock", "--store", "memory://", "k"], ["elect", "a,b", "--", "true"], ["once", "a,b", "true"],
        ["show", "a,b"], ["who", "a,b"], ["why", "a,b"], ["break", "a,b"],
    ])
    func `bad usage is 64 and one line`(_ arguments: [String]) async throws {
        let scratch = try Scratch()
        let run = try await scratch.run(arguments)
        #expect(run.status == 64)
        #expect(run.output == "")
        #expect(run.errors.hasPrefix("holdfast: "))
        #expect(run.errors.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
        #expect(!run.errors.contains("\u{1B}") && !run.errors.contains("secret"))
    }

    @Test func `a name that is not UTF-8 is 64`() async throws {
        let scratch = try Scratch()
        for arguments in ["run \"$BAD\" true", "run -w \"$BAD\" k true", "break \"$BAD\"", "ls \"$BAD\""] {
            let run = try scratch.shell("BAD=\"$(printf 'a\\377')\"; exec $HOLDFAST \(arguments)")
            #expect(try await run.end() == 64)
            #expect(run.errors.contains("UTF-8"))
        }
    }

    @Test(arguments: ["..", "a/b", "'", "\"; DROP TABLE claims; --", "%00", "{}", "*?[", "שלום", " ", "é", "e\u{301}"])
    func `odd names are names`(_ name: String) async throws {
        let scratch = try Scratch()
        let run = try await scratch.run("run", "--", name, "--", "sh", "-c", "printf %s \"$HOLDFAST_NAME\"")
        #expect(run.status == 0, "\(run.errors)")
        #expect(Array(run.output.utf8) == Array(name.utf8))
    }

    @Test func `a comma in a name is written the same for every command`() async throws {
        let scratch = try Scratch()
        let script = """
            set -e
            for command in who why show; do $HOLDFAST $command "$HOLDFAST_NAME" >&2; done
            ! $HOLDFAST elect -n 'a\\,b' -- true
            ! $HOLDFAST run -n 'a\\,b' -- true
            $HOLDFAST ls
            """
        let run = try await scratch.run("run", "a\\,b", "-c", script)
        #expect(run.status == 0, "\(run.errors)")
        #expect(run.output.contains("a,b"))
    }

    @Test func `a store that cannot be used is 69 and one line`() async throws {
        let scratch = try Scratch()
        try "this is no database, and long enough to be read as one".write(
            toFile: scratch.path("text"), atomically: true, encoding: .utf8)
        for path in [scratch.path("missing/locks"), scratch.path("text"), scratch.directory, "/proc/self/locks"] {
            for arguments in [
                ["run", "--store", "sqlite://\(path)", "k", "true"], ["ls", "--store", "sqlite://\(path)"],
            ] {
                let run = try await scratch.run(arguments)
                #expect(run.status == 69, "\(path): \(run.errors)")
                #expect(run.errors.utf8.count { $0 == UInt8(ascii: "\n") } == 1)
            }
        }
    }

    @Test func `help and version go to standard output with 0`() async throws {
        let scratch = try Scratch()
        for arguments in [["--help"], ["run", "--help"], ["run", "-h"], ["bench", "--help"], ["--version"]] {
            let run = try await scratch.run(arguments)
            #expect(run.status == 0)
            #expect(!run.output.isEmpty && run.errors.isEmpty)
        }
    }
}
