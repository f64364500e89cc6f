import Foundation
import Glibc
import ServerKit
import Testing

/// What `run` can do beyond holding one lock around one program.
@Suite(.timeLimit(.minutes(2))) struct RunOptionTests {
    private static let sleeper = "echo $$ >$DIR/held; exec sleep 60"

    @Test func `a shell line runs before and behind the name`() async throws {
        let scratch = try Scratch()
        #expect(try await scratch.run("run", "k", "-c", "echo $HOLDFAST_NAME; exit 3").output == "k\n")
        #expect(try await scratch.run("run", "-c", "exit 3", "k").status == 3)
    }

    @Test func `several names are one claim, all or none`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "--name", "nightly", "b", "--", "sh", "-c", Self.sleeper)
        _ = try await scratch.number(in: "held")
        #expect(try await scratch.run("run", "-n", "a,b,c", "true").status == 1)
        #expect(try await scratch.claims().map(\.key) == ["b"])
        holder.send(SIGTERM)
        try await holder.end()
        let several = try scratch.start("run", "c,a,b", "--", "sh", "-c", "echo $HOLDFAST_TOKEN >$DIR/token; cat")
        _ = try await several.end()
        #expect(several.status == 0)
        let escaped = try await scratch.run("run", "a\\,b", "--", "sh", "-c", "$HOLDFAST ls --json")
        #expect(escaped.output.contains(#""key":"a,b""#))
    }

    @Test func `-v says behind whom it waits, and for how long it waited`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "--name", "nightly", "k", "--", "sh", "-c", Self.sleeper)
        _ = try await scratch.number(in: "held")
        let waiter = try scratch.start("run", "-v", "k", "--", "true")
        try await eventually("it says behind whom") { waiter.errors.contains("waits for \"k\" behind nightly (sh[") }
        holder.send(SIGTERM)
        try await holder.end()
        #expect(try await waiter.end() == 0)
        #expect(waiter.errors.contains("holds \"k\" after"))
        let refused = try scratch.start(
            "run", "k", "--", "sh", "-c", "$HOLDFAST run -v -n k true; $HOLDFAST run -q -n k true")
        #expect(try await refused.end() == 1)
        #expect(refused.errors == "holdfast: \"k\" is not free\n")
    }

    @Test func `--max-hold ends what takes too long`() async throws {
        let scratch = try Scratch()
        let run = try await scratch.run("run", "--max-hold", "500ms", "k", "--", "sleep", "60")
        #expect(run.status == 79)
        #expect(run.errors.contains("as long as it may be"))
    }

    @Test func `--on-lost leaves the command alone, or sends it one signal`() async throws {
        let scratch = try Scratch()
        let ignored = try await scratch.run(
            "run", "--max-hold", "300ms", "--on-lost", "ignore", "k", "--", "sh", "-c", "sleep 1; exit 6")
        #expect(ignored.status == 6)
        #expect(ignored.errors.contains("goes on without it"))
        let script = "trap 'echo told; exit 5' USR1; while :; do sleep 0.02; done"
        let told = try await scratch.run(
            "run", "--max-hold", "300ms", "--on-lost", "signal:SIGUSR1", "k", "--", "sh", "-c", script)
        #expect(told.status == 5)
        #expect(told.output == "told\n")
    }

    @Test func `--min-hold keeps the lock after the command has ended`() async throws {
        let scratch = try Scratch()
        let start = ContinuousClock.now
        let holder = try scratch.start(
            "run", "--min-hold", "1500ms", "k", "--", "sh", "-c", "echo $$ >$DIR/held; exit 3")
        let command = try await scratch.number(in: "held")
        try await eventually("the command has ended") { !Kernel.runs(command) }
        #expect(try await scratch.run("run", "-n", "k", "true").status == 1)
        #expect(try await holder.end() == 3)
        #expect(ContinuousClock.now - start >= .milliseconds(1500))
        #expect(try await scratch.run("run", "-n", "k", "true").status == 0)
    }

    @Test func `-o ends the lock with the command, whatever it left running`() async throws {
        let scratch = try Scratch()
        let script = "sh -c 'echo $$ >$DIR/left; exec sleep 60' & while [ ! -e $DIR/left ]; do sleep 0.01; done; exit 4"
        let run = try await scratch.run("run", "-o", "k", "--", "sh", "-c", script)
        #expect(run.status == 4)
        let left = try await scratch.number(in: "left")
        #expect(Kernel.runs(left))
        #expect(try await scratch.run("run", "-n", "k", "true").status == 0)
        kill(left, SIGKILL)
    }

    @Test func `-o still holds the lock while the command runs, also where the engine is killed`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start(
            "run", "-o", "k", "--", "sh", "-c", "trap '' TERM; echo $$ >$DIR/held; while :; do sleep 0.1; done")
        let command = try await scratch.number(in: "held")
        let engine = try #require(Kernel.children(of: holder.pid).first { $0 != command })
        kill(engine, SIGKILL)
        let next = try scratch.start(
            "run", "k", "--", "sh", "-c", "kill -0 \(command) 2>/dev/null && echo overlap; true")
        #expect(try await holder.end() == 79)
        #expect(try await next.end() == 0)
        #expect(next.output == "")
    }

    @Test func `--fd holds the lock until the shell has closed its file`() async throws {
        let scratch = try Scratch()
        let script = """
            (
                $HOLDFAST run -n --fd 9 k || exit 1
                $HOLDFAST run -n k true; echo "inside: $?"
                ( $HOLDFAST run -n -E 7 --fd 9 k; echo "second: $?" ) 9>$DIR/file
                # Or the last subshell would take the place of this one, and its file 9.
                true
            ) 9>$DIR/file
            $HOLDFAST run -w 10 k true; echo "outside: $?"
            """
        let shell = try scratch.shell(script)
        #expect(try await shell.end() == 0)
        #expect(shell.output == "inside: 1\nsecond: 7\noutside: 0\n")
        try await eventually("nothing is held") { try await scratch.claims().isEmpty }
    }

    @Test func `--fd does not keep the shell's output open, and a lost lock stops the shell`() async throws {
        let scratch = try Scratch()
        let script = """
            echo "got $( ($HOLDFAST run --fd 9 a; echo $?) 9>$DIR/one )"
            ( $HOLDFAST run --max-hold 300ms --fd 9 b; sleep 60; echo survived ) 9>$DIR/two
            echo "ended with $?"
            """
        let shell = try scratch.shell(script)
        #expect(try await shell.end() == 0)
        #expect(shell.output == "got 0\nended with 143\n")
    }
}
