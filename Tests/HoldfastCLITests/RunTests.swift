import Foundation
import Glibc
import ServerKit
import Testing

/// `holdfast run` as its user sees it: statuses, environment, arguments.
@Suite(.timeLimit(.minutes(2))) struct RunTests {
    @Test func `the command's status and output are passed through`() async throws {
        let scratch = try Scratch()
        let run = try await scratch.run("run", "k", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
        #expect(run.status == 7)
        #expect(run.output == "out\n")
        #expect(run.errors == "err\n")
    }

    @Test func `a killed command is 128 and the signal`() async throws {
        let scratch = try Scratch()
        #expect(try await scratch.run("run", "k", "sh", "-c", "kill -9 $$").status == 137)
    }

    @Test func `a command that is not found is 127, one that cannot be executed 126`() async throws {
        let scratch = try Scratch()
        let missing = try await scratch.run("run", "k", "--", "no-such-command-here")
        #expect(missing.status == 127)
        #expect(missing.errors.hasPrefix("holdfast: cannot run \"no-such-command-here\""))
        #expect(try await scratch.run("run", "k", "--", "/etc/passwd").status == 126)
        #expect(try await scratch.claims().isEmpty)
    }

    @Test func `everything after the name belongs to the command`() async throws {
        let scratch = try Scratch()
        #expect(try await scratch.run("run", "k", "echo", "-n", "--store", "x").output == "--store x")
        #expect(try await scratch.run("run", "k", "--", "echo", "--", "-w").output == "-- -w\n")
        #expect(try await scratch.run("run", "--", "-k", "echo", "a").output == "a\n")
    }

    @Test(arguments: ["run", "once"])
    func `options stand behind the name, too`(_ command: String) async throws {
        let scratch = try Scratch()
        let other = "sqlite://\(scratch.path("other.sqlite"))"
        for form in [
            [command, "k", "--store", other, "-w", "5s", "--", "echo", "-n", "--", "a b"],
            [command, "-v", "k", "--wait=1s", "--store=\(other)", "echo", "-n", "--", "a b"],
            [command, "--store", other, "k", "--ttl", "20s", "-c", "printf '%s' '-- a b'"],
            [command, "--store", other, "--", "-k", "-v", "echo", "-n", "--", "a b"],
        ] {
            let run = try await scratch.run(form)
            #expect(run.status == 0 && run.output == "-- a b", "\(form): \(run)")
        }
        #expect(try await scratch.claims().isEmpty)
    }

    @Test(arguments: ["run", "once"])
    func `what is no option behind the name is refused before a lock is taken`(_ command: String) async throws {
        let scratch = try Scratch()
        for form in [["k", "--word=secret", "--", "true"], ["k", "-n", "--word=secret", "true"], ["k", "-", "true"]] {
            let run = try await scratch.run([command] + form)
            #expect(run.status == 64)
            #expect(run.errors.hasPrefix("holdfast: unknown option -"), "\(run.errors)")
            #expect(!run.errors.contains("secret"))
        }
        #expect(try await scratch.run(command, "k", "-w", "never", "true").status == 64)
        #expect(try await scratch.run(command, "k", "-n").status == 64)
        #expect(try await scratch.run(command, "k", "-n", "--help").output.contains("holdfast \(command)"))
        #expect(try await scratch.run(command, "k", "--", "-no-such-command").status == 127)
    }

    @Test func `the command's arguments pass byte for byte`() async throws {
        let scratch = try Scratch()
        let run = try scratch.shell(
            "exec $HOLDFAST run k -- printf '<%s>' \"$(printf 'a\\377b')\" '' ' ' | od -An -tx1 | tr -d ' \\n'")
        #expect(try await run.end() == 0)
        #expect(run.output == "3c61ff623e3c3e3c203e")
    }

    @Test func `the command sees its lock`() async throws {
        let scratch = try Scratch()
        let before = Int64(Date().timeIntervalSince1970 * 1000)
        let run = try await scratch.run(
            "run", "--permits", "2/3", "--ttl", "10s", "a key", "sh", "-c",
            "echo \"$HOLDFAST_NAME|$HOLDFAST_MODE|$HOLDFAST_STORE_KIND\"; "
                + "echo $HOLDFAST_TOKEN; echo $HOLDFAST_EXPIRES_AT"
        )
        let lines = run.output.split(separator: "\n")
        try #require(lines.count == 3, "\(run.errors)")
        #expect(lines[0] == "a key|permits 2/3|sqlite")
        #expect(try #require(Int64(lines[1])) > 0)
        let expiry = try #require(Int64(lines[2])) - before
        #expect(expiry > 5_000 && expiry < 20_000)
    }

    @Test func `tokens rise from holder to holder`() async throws {
        let scratch = try Scratch()
        var tokens: [Int64] = []
        for _ in 0..<3 {
            let run = try await scratch.run("run", "k", "sh", "-c", "echo $HOLDFAST_TOKEN")
            tokens.append(try #require(Int64(run.output.dropLast())))
        }
        #expect(tokens == tokens.sorted() && Set(tokens).count == 3)
    }

    @Test func `signals, descriptors and dispositions are those that the command would have without us`() async throws {
        let scratch = try Scratch()
        // No shell in between: it changes its own mask.
        let script = """
            trap '' HUP PIPE; exec 9</dev/null
            grep -E '^Sig(Blk|Ign)' /proc/self/status >$DIR/without; ls /proc/self/fd >>$DIR/without
            $HOLDFAST run k -- grep -E '^Sig(Blk|Ign)' /proc/self/status >$DIR/with
            $HOLDFAST run k -- ls /proc/self/fd >>$DIR/with
            """
        #expect(try await scratch.shell(script).end() == 0)
        let (without, with) = (try lines(scratch.path("without")), try lines(scratch.path("with")))
        #expect(without.prefix(2) == with.prefix(2))
        let (before, after) = (Set(without.dropFirst(2)), Set(with.dropFirst(2)))
        #expect(before.contains("9") && after.isSuperset(of: before))
        // The kernel lock that says that the command lives, and no more.
        #expect(after.count == before.count + 1)
    }

    private func lines(_ path: String) throws -> [Substring] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n")
    }

    @Test func `-n does not wait, and -E chooses the status`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "--", "sh", "-c", "echo $$ >$DIR/held; exec sleep 60")
        _ = try await scratch.number(in: "held")
        #expect(try await scratch.run("run", "-n", "k", "true").status == 1)
        #expect(try await scratch.run("run", "-w", "0", "k", "true").status == 1)
        #expect(try await scratch.run("run", "-n", "-E", "42", "k", "touch", scratch.path("ran")).status == 42)
        #expect(!scratch.exists("ran"))
        #expect(try await scratch.run("run", "-n", "other", "true").status == 0)
        holder.send(SIGTERM)
        #expect(try await holder.end() == 143)
    }

    @Test func `-w gives up in time, and leaves no waiter behind`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "--", "sh", "-c", "echo $$ >$DIR/held; exec sleep 60")
        _ = try await scratch.number(in: "held")
        let start = ContinuousClock.now
        #expect(try await scratch.run("run", "-w", "300ms", "k", "true").status == 1)
        let elapsed = ContinuousClock.now - start
        #expect(elapsed >= .milliseconds(300) && elapsed < .seconds(3))
        #expect(try await scratch.claims().count == 1)
        holder.send(SIGTERM)
        try await holder.end()
    }

    @Test func `readers share, a writer waits for them`() async throws {
        let scratch = try Scratch()
        let reader = try scratch.start("run", "-s", "k", "--", "sh", "-c", "echo $$ >$DIR/held; exec sleep 60")
        _ = try await scratch.number(in: "held")
        #expect(try await scratch.run("run", "-s", "-n", "k", "true").status == 0)
        #expect(try await scratch.run("run", "-n", "k", "true").status == 1)
        #expect(try await scratch.run("run", "--permits", "1/2", "-n", "k", "true").status == 75)
        reader.send(SIGTERM)
        try await reader.end()
    }

    @Test func `permits let in as many as the limit`() async throws {
        let scratch = try Scratch()
        var holders: [Running] = []
        for number in 1...2 {
            holders.append(
                try scratch.start(
                    "run", "--permits", "1/2", "k", "--", "sh", "-c", "echo $$ >$DIR/held\(number); exec sleep 60"))
            _ = try await scratch.number(in: "held\(number)")
        }
        #expect(try await scratch.run("run", "--permits", "1/2", "-n", "k", "true").status == 1)
        #expect(try await scratch.run("run", "--permits", "1/3", "-n", "k", "true").status == 75)
        for holder in holders {
            holder.send(SIGTERM)
            try await holder.end()
        }
    }

    @Test func `contenders are served in the order of their coming`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start(
            "run", "k", "--", "sh", "-c", "echo $$ >$DIR/held; while [ ! -e $DIR/go ]; do sleep 0.01; done")
        _ = try await scratch.number(in: "held")
        var contenders: [Running] = []
        for number in 1...3 {
            contenders.append(try scratch.start("run", "k", "--", "sh", "-c", "echo \(number) >>$DIR/order"))
            try await eventually("contender \(number) waits") { try await scratch.claims().count == number + 1 }
        }
        _ = FileManager.default.createFile(atPath: scratch.path("go"), contents: nil)
        for process in [holder] + contenders { #expect(try await process.end() == 0) }
        #expect(try String(contentsOfFile: scratch.path("order"), encoding: .utf8) == "1\n2\n3\n")
    }
}
