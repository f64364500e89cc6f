import Foundation
import Glibc
import ServerKit
import Testing

/// What happens when somebody kills one of the processes of `holdfast run`.
@Suite(.timeLimit(.minutes(2))) struct DeathTests {
    private static let sleeper = "echo $$ >$DIR/held; sleep 60; true"

    /// The front's child that is not CMD.
    private func engine(of front: Running, command: pid_t) throws -> pid_t {
        try #require(Kernel.children(of: front.pid).first { $0 != command })
    }

    @Test func `a front that is killed takes the command with it, and the successor goes on at once`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "--", "sh", "-c", Self.sleeper)
        let command = try await scratch.number(in: "held")
        var its: [pid_t] = []
        try await eventually("the command has a child") {
            its = Kernel.children(of: command)
            return !its.isEmpty
        }
        let successor = try scratch.start("run", "k", "--", "sh", "-c", "echo $$ >$DIR/next")
        try await eventually("the successor waits") { try await scratch.claims().count == 2 }
        let killed = ContinuousClock.now
        holder.send(SIGKILL)
        _ = try await scratch.number(in: "next")
        #expect(ContinuousClock.now - killed < .seconds(2))
        #expect(!Kernel.runs(command))
        #expect(!its.contains(where: Kernel.runs))
        #expect(try await successor.end() == 0)
    }

    @Test func `an engine that is killed has the command stopped, and 79`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "--", "sh", "-c", Self.sleeper)
        let command = try await scratch.number(in: "held")
        Glibc.kill(try engine(of: holder, command: command), SIGKILL)
        #expect(try await holder.end() == 79)
        #expect(!Kernel.runs(command))
        #expect(holder.errors.contains("lost"))
        #expect(try await scratch.run("run", "-w", "5", "k", "true").status == 0)
    }

    @Test func `an engine that is stopped has the command stopped before its deadline, even where it ignores TERM`()
        async throws
    {
        let scratch = try Scratch()
        let holder = try scratch.start(
            "run", "--ttl", "2s", "k", "--", "sh", "-c", "trap '' TERM; echo $$ >$DIR/held; while :; do sleep 0.1; done"
        )
        let command = try await scratch.number(in: "held")
        let engine = try engine(of: holder, command: command)
        let stopped = ContinuousClock.now
        Glibc.kill(engine, SIGSTOP)
        try await eventually("the command is dead") { !Kernel.runs(command) }
        #expect(ContinuousClock.now - stopped < .milliseconds(2_000))
        Glibc.kill(engine, SIGCONT)
        #expect(try await holder.end() == 79)
    }

    @Test func `a signal reaches the command, which may handle it`() async throws {
        let scratch = try Scratch()
        for (name, signal) in [("INT", SIGINT), ("TERM", SIGTERM), ("HUP", SIGHUP), ("QUIT", SIGQUIT)] {
            let script = "trap 'echo got \(name); exit 9' \(name); echo $$ >$DIR/\(name); while :; do sleep 0.02; done"
            let holder = try scratch.start("run", "k", "--", "sh", "-c", script)
            let command = try await scratch.number(in: name)
            // Under a terminal it stays in the shell's job.
            #expect(Kernel.hasTerminal || Kernel.group(of: command) == command)
            holder.send(signal)
            #expect(try await holder.end() == 9)
            #expect(holder.output == "got \(name)\n")
        }
    }

    @Test func `a signal while waiting removes the claim, and the command never starts`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("run", "k", "--", "sh", "-c", Self.sleeper)
        _ = try await scratch.number(in: "held")
        let waiter = try scratch.start("run", "k", "--", "touch", scratch.path("ran"))
        try await eventually("the waiter waits") { try await scratch.claims().count == 2 }
        waiter.send(SIGTERM)
        #expect(try await waiter.end(within: .seconds(5)) == 143)
        #expect(try await scratch.claims().count == 1)
        holder.send(SIGTERM)
        try await holder.end()
        #expect(!scratch.exists("ran"))
    }

    @Test func `what the command left behind keeps the lock until it ends`() async throws {
        let scratch = try Scratch()
        let script = "setsid sh -c 'echo $$ >$DIR/orphan; while [ ! -e $DIR/go ]; do sleep 0.01; done' & exit 3"
        let holder = try scratch.start("run", "k", "--", "sh", "-c", script)
        let orphan = try await scratch.number(in: "orphan")
        #expect(try await scratch.run("run", "-w", "300ms", "k", "true").status == 1)
        #expect(holder.isRunning && Kernel.runs(orphan))
        _ = FileManager.default.createFile(atPath: scratch.path("go"), contents: nil)
        #expect(try await holder.end() == 3)
        #expect(try await scratch.run("run", "-n", "k", "true").status == 0)
    }

    @Test func `an orphan that escaped by setsid keeps the lock also when front and engine are killed`() async throws {
        let scratch = try Scratch()
        let script = """
            setsid sh -c 'echo $$ >$DIR/orphan; while [ ! -e $DIR/go ]; do sleep 0.01; done' &
            echo $$ >$DIR/held; exec sleep 60
            """
        let holder = try scratch.start("run", "--ttl", "1s", "k", "--", "sh", "-c", script)
        let orphan = try await scratch.number(in: "orphan")
        let command = try await scratch.number(in: "held")
        let engine = try engine(of: holder, command: command)
        // The front first: it would stop the orphan too.
        holder.send(SIGKILL)
        Glibc.kill(engine, SIGKILL)
        try await eventually("the command dies with the front") { !Kernel.runs(command) }
        // Longer than the time to live.
        #expect(try await scratch.run("run", "-w", "2s", "k", "true").status == 1)
        #expect(Kernel.runs(orphan))
        _ = FileManager.default.createFile(atPath: scratch.path("go"), contents: nil)
        #expect(try await scratch.run("run", "-w", "5s", "k", "true").status == 0)
    }

    @Test func `a holder goes on being renewed for longer than its time to live`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start(
            "run", "--ttl", "1s", "k", "--", "sh", "-c",
            "echo $$ >$DIR/held; while [ ! -e $DIR/go ]; do sleep 0.05; done")
        _ = try await scratch.number(in: "held")
        #expect(try await scratch.run("run", "-w", "3s", "k", "true").status == 1)
        _ = FileManager.default.createFile(atPath: scratch.path("go"), contents: nil)
        #expect(try await holder.end() == 0)
    }
}
