import Foundation
import Glibc
import ServerKit
import Testing

/// `once`, on the embedded store.
@Suite(.timeLimit(.minutes(2))) struct OnceTests {
    /// How often the command ran: one line each.
    private func runs(_ scratch: Scratch) -> Int {
        let text = (try? String(contentsOfFile: scratch.path("runs"), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").count
    }

    @Test func `what succeeded is not run again: its output and its status are given again`() async throws {
        let scratch = try Scratch()
        let first = try await scratch.run("once", "k", "-c", "echo x >>$DIR/runs; printf 'a\\000b'; echo e >&2")
        #expect(first.status == 0 && first.output == "a\0b" && first.errors == "e\n")
        let second = try await scratch.run("once", "k", "-c", "echo x >>$DIR/runs; echo other")
        #expect(second.status == 0 && second.output == "a\0b" && second.errors == "")
        #expect(runs(scratch) == 1)
        let loud = try await scratch.run("once", "-v", "k", "false")
        #expect(loud.status == 0 && loud.errors == "holdfast: \"k\" ran before, and exited 0\n")
        #expect(try await scratch.claims().isEmpty)
    }

    @Test func `what cannot be printed is no success, and is recorded`() async throws {
        let scratch = try Scratch()
        for _ in 0..<2 {
            let full = try scratch.shell("exec $HOLDFAST once k -c 'echo x >>$DIR/runs; echo out' >/dev/full")
            #expect(try await full.end() == 74)
            #expect(full.errors.contains("could not be written: No space left on device"))
        }
        #expect(runs(scratch) == 1)
        // A reader that goes away is no failure of ours.
        let gone = try scratch.shell("{ $HOLDFAST once k false; echo $? >$DIR/status; } | true")
        #expect(try await gone.end() == 0)
        let status = try await scratch.number(in: "status")
        #expect(status == 0 || status == 128 + SIGPIPE)
        #expect(try await scratch.run("once", "k", "false").output == "out\n")
    }

    @Test func `what failed runs again, unless failures count`() async throws {
        let scratch = try Scratch()
        for _ in 0..<2 {
            let run = try await scratch.run("once", "k", "-c", "echo x >>$DIR/runs; echo out; exit 3")
            #expect(run.status == 3 && run.output == "out\n")
        }
        #expect(runs(scratch) == 2)
        for _ in 0..<2 {
            let run = try await scratch.run(
                "once", "--record-failures", "k", "-c", "echo x >>$DIR/runs; echo last; exit 3")
            #expect(run.status == 3 && run.output == "last\n")
        }
        #expect(runs(scratch) == 3)
        for _ in 0..<2 {
            #expect(try await scratch.run("once", "--record-failures", "none", "/no/such/file").status == 127)
            #expect(try await scratch.run("once", "--record-failures", "killed", "-c", "kill -9 $$").status == 137)
        }
    }

    @Test func `of many at once one runs, and all print what it printed`() async throws {
        let scratch = try Scratch()
        let all = try (0..<8).map { _ in
            try scratch.start("once", "k", "-c", "echo $$ | tee -a $DIR/runs; sleep 0.2")
        }
        for one in all { #expect(try await one.end() == 0) }
        #expect(runs(scratch) == 1)
        #expect(Set(all.map(\.output)).count == 1 && all[0].output.hasSuffix("\n"))
    }

    @Test func `who would not wait is told`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("once", "k", "-c", "echo $$ >$DIR/held; exec sleep 60")
        _ = try await scratch.number(in: "held")
        #expect(try await scratch.run("once", "-n", "k", "true").status == 1)
        #expect(try await scratch.run("once", "-w", "100ms", "-E", "7", "k", "true").status == 7)
        holder.send(SIGTERM)
        #expect(try await holder.end() == 143)
        #expect(try await scratch.run("once", "-n", "k", "echo", "next").output == "next\n")
    }

    @Test func `one that is killed in the middle lets the next one run`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("once", "k", "-c", "echo $$ >$DIR/held; exec sleep 60")
        _ = try await scratch.number(in: "held")
        let next = try scratch.start("once", "k", "echo", "next")
        try await eventually("it waits") { try await scratch.claims().count == 2 }
        holder.send(SIGKILL)
        #expect(try await holder.end() == 137)
        #expect(try await next.end() == 0)
        #expect(next.output == "next\n")
    }

    @Test func `output comes while the command runs, and its end is kept away beyond the bound`() async throws {
        let scratch = try Scratch()
        let run = try scratch.start(
            "once", "k", "-c", "echo early; until [ -e $DIR/go ]; do sleep 0.01; done; head -c 100000 /dev/zero")
        try await eventually("it is printed at once") { run.output == "early\n" }
        try "".write(toFile: scratch.path("go"), atomically: true, encoding: .utf8)
        #expect(try await run.end() == 0)
        #expect(run.output.utf8.count == 100_006)
        let later = try await scratch.run("once", "k", "true")
        #expect(later.output.utf8.count == 32 * 1024 && later.output.hasPrefix("early\n\0"))
        #expect(later.errors.contains("not all of what it printed was kept"))
        #expect(try await scratch.run("once", "-q", "k", "true").errors == "")
    }

    @Test func `all that it left running is waited for, and its output kept`() async throws {
        let scratch = try Scratch()
        let script = "(sleep 0.3; echo late) & echo soon"
        for _ in 0..<2 {
            let run = try await scratch.run("once", "k", "-c", script)
            #expect(run.status == 0 && run.output == "soon\nlate\n")
        }
    }

    @Test func `a reader that goes away ends the command as it would without us, and nothing is recorded`() async throws
    {
        let scratch = try Scratch()
        let line = "$HOLDFAST once k -c 'echo x >>$DIR/runs; yes' | head -n 1"
        let pipeline = try scratch.shell(line)
        #expect(try await pipeline.end() == 0)
        #expect(pipeline.output == "y\n")
        try await eventually("the lock is released") { try await scratch.claims().isEmpty }
        #expect(try await scratch.run("once", "k", "echo", "next").output == "next\n")
    }

    @Test func `a reader that reads nothing does not keep the lock's loss from stopping the command`() async throws {
        let scratch = try Scratch()
        let pipeline = try scratch.shell(
            """
            mkfifo $DIR/pipe; exec 3<>$DIR/pipe
            $HOLDFAST once --max-hold 1s --kill-after 200ms k -c 'echo $$ >$DIR/held; exec yes' >$DIR/pipe
            """)
        let command = try await scratch.number(in: "held")
        #expect(try await pipeline.end() == 79)
        #expect(kill(command, 0) != 0)
        #expect(try await scratch.run("once", "-n", "k", "echo", "next").output == "next\n")
    }

    @Test func `with --status-only the command has our output itself, and nothing is printed again`() async throws {
        let scratch = try Scratch()
        // Some shells redirect their own output while a command of theirs runs: /proc/$$ would tell of that.
        let script = "readlink /proc/self/fd/3 3>&1 >$DIR/link; echo out"
        #expect(try await scratch.run("once", "--status-only", "k", "-c", script).output == "out\n")
        let link = try String(contentsOfFile: scratch.path("link"), encoding: .utf8)
        #expect(link.hasSuffix(".out\n"))
        let later = try await scratch.run("once", "--status-only", "k", "-c", script)
        #expect(later.status == 0 && later.output == "" && later.errors == "")
    }

    @Test func `after its retention it runs again`() async throws {
        let scratch = try Scratch()
        let script = "echo x >>$DIR/runs"
        #expect(try await scratch.run("once", "--retention", "1s", "k", "-c", script).status == 0)
        try await eventually("it runs again") {
            try await scratch.run("once", "--retention", "1d", "k", "-c", script).status == 0 && self.runs(scratch) == 2
        }
        #expect(try await scratch.run("once", "k", "-c", script).status == 0)
        #expect(runs(scratch) == 2)
    }

    @Test func `where it cannot be recorded that the command ran, that is said`() async throws {
        let scratch = try Scratch()
        let script = "rm $DIR/locks.sqlite $DIR/locks.sqlite-*; mkdir $DIR/locks.sqlite"
        let run = try await scratch.run("once", "-q", "k", "-c", script)
        // Or the loss of the lock was noticed before the shell had ended.
        let isTold = run.status == 69 && run.errors.contains("may run again")
        #expect(isTold || run.status == 79, "\(run.status): \(run.errors)")
    }

    @Test func `run and once of one name keep each other out`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "-c", "echo $$ >$DIR/held; exec sleep 60")
        _ = try await scratch.number(in: "held")
        #expect(try await scratch.run("once", "-n", "k", "true").status == 1)
        holder.send(SIGTERM)
        try await holder.end()
    }

    @Test(arguments: [
        ["once", "a,b", "true"], ["once", "-s", "k", "true"], ["once", "--permits", "1/2", "k", "true"], ["once", "k"],
        ["once", "--retention", "0", "k", "true"], ["once", "--retention", "10ms", "k", "true"],
        ["once", "--retention", "x", "k", "true"], ["once", "--fd", "9", "k"], ["once", "-q", "-v", "k", "true"],
    ])
    func `what makes no sense is bad usage`(_ arguments: [String]) async throws {
        let scratch = try Scratch()
        let run = try await scratch.run(arguments)
        #expect(run.status == 64, "\(arguments): \(run.errors)")
        #expect(run.errors.hasPrefix("holdfast: "))
    }
}
