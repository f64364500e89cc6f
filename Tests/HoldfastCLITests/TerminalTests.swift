import Foundation
import Glibc
import ServerKit
import Testing

/// `holdfast run` under a shell's job control, in a real terminal.
@Suite(.timeLimit(.minutes(2))) struct TerminalTests {
    /// Notes each signal of a kind in a file, and ends with 9 once `go` is there.
    private func counting(_ signal: String, ttl: String = "10s") -> String {
        "$HOLDFAST run --ttl \(ttl) k -- sh -c 'trap \"echo \(signal) >>$DIR/got\" \(signal); echo $$ >$DIR/held; "
            + "while [ ! -e $DIR/go ]; do sleep 0.05; done; exit 9'; echo status=$?"
    }

    @Test func `Ctrl-C reaches the command once`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        try await terminal.type(counting("INT"))
        _ = try await scratch.number(in: "held")
        try await terminal.press("C-c")
        try await eventually("the command has it") { !scratch.lines(in: "got").isEmpty }
        // A second one would have come from the front, which answers a question before that: it reads in order.
        #expect(try await scratch.claims().count == 1)
        scratch.make("go")
        try await terminal.awaitLine("status=9")
        #expect(scratch.lines(in: "got") == ["INT"])
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `Ctrl-C twice ends a command that ignores the first`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        let program =
            "n=0; trap 'n=$((n+1)); echo $n >>$DIR/got; [ $n -lt 2 ] || exit 7' INT; echo $$ >$DIR/held; "
            + "while :; do sleep 0.05; done"
        try program.write(toFile: scratch.path("program"), atomically: true, encoding: .utf8)
        try await terminal.type("$HOLDFAST run k -- sh $DIR/program; echo status=$?")
        _ = try await scratch.number(in: "held")
        for count in 1...2 {
            try await terminal.press("C-c")
            try await eventually("Ctrl-C \(count) is had") { scratch.lines(in: "got").count == count }
        }
        try await terminal.awaitLine("status=7")
        #expect(try await scratch.claims().isEmpty)
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `Ctrl-Z stops the job and keeps the lock, and fg goes on`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        try await terminal.type(counting("INT", ttl: "1s"))
        let command = try await scratch.number(in: "held")
        try await terminal.press("C-z")
        try await terminal.awaitText("the shell says so") { $0.contains("Stopped") }
        #expect(Kernel.isStopped(command))
        try await terminal.type("clear; jobs -l")
        try await terminal.awaitText("one stopped job") { $0.contains("[1]+") && $0.contains("Stopped") }
        // Longer than the time to live.
        #expect(try await scratch.run("run", "-w", "1500ms", "k", "true").status == 1)
        try await terminal.type("clear; fg; echo after=$?")
        try await eventually("the command goes on") { !Kernel.isStopped(command) }
        scratch.make("go")
        try await terminal.awaitLine("after=9")
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `a command reads the terminal`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        try await terminal.type("$HOLDFAST run k -- sh -c 'echo $$ >$DIR/held; read x; echo got=$x'; echo status=$?")
        _ = try await scratch.number(in: "held")
        try await terminal.type("hello")
        try await terminal.awaitLine("got=hello")
        try await terminal.awaitLine("status=0")
    }

    @Test func `a command that ignores TERM is killed where an operator asks for the lock`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        try await terminal.type(
            "$HOLDFAST run --ttl 2s k -- sh -c 'trap \"echo TERM\" TERM; echo $$ >$DIR/held; "
                + "while :; do sleep 0.05; done'; echo status=$?")
        let command = try await scratch.number(in: "held")
        let asking = try await scratch.run("break", "k")
        #expect(asking.status == 0, "\(asking.errors)")
        #expect(!Kernel.runs(command))
        try await terminal.awaitLine("status=79")
        #expect(try await terminal.text.contains("TERM"))
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `pipelines end as they do without holdfast`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        for (kind, run) in [("plain", ""), ("held", "$HOLDFAST run k -- ")] {
            try await terminal.type("\(run)seq 1000000 | head -1; echo \(kind) seq ${PIPESTATUS[*]}")
            try await terminal.awaitLine("\(kind) seq 141 0")
            try await terminal.type("\(run)cat | head -1; echo \(kind) cat ${PIPESTATUS[*]}")
            // The first line that is written after head has gone ends cat.
            try await terminal.awaitLine("\(kind) cat 141 0", typing: "true")
        }
        #expect(try await scratch.claims().isEmpty)
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `a pager reads the terminal while the command writes`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        try await terminal.type("$HOLDFAST run k -- seq 100000 | more; echo status=${PIPESTATUS[*]}")
        try await terminal.awaitText("a page") { $0.contains("--More--") }
        #expect(try await scratch.claims().count == 1)
        try await terminal.press("q")
        try await terminal.awaitLine("status=141 0")
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `a background job that reads the terminal is stopped, and fg lets it read`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        for run in ["", "$HOLDFAST run k -- "] {
            try await terminal.type("clear; \(run)sh -c 'echo $$ >$DIR/held; read x; echo got=$x' &")
            let command = try await scratch.number(in: "held")
            try await eventually("the command is stopped") { Kernel.isStopped(command) }
            try await terminal.type("jobs")
            try await terminal.awaitText("the shell knows") { $0.contains("Stopped") }
            try await terminal.type("clear; fg")
            try await terminal.type("hello")
            try await terminal.awaitLine("got=hello")
            try FileManager.default.removeItem(atPath: scratch.path("held"))
        }
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `a terminal that is closed takes the job along, in the foreground and in the background`() async throws {
        for end in ["", " &", " & fg"] {
            let scratch = try Scratch()
            let terminal = try await Tmux(scratch)
            try await terminal.type("$HOLDFAST run k -- sh -c 'echo $$ >$DIR/held; sleep 60; true'\(end)")
            _ = try await scratch.number(in: "held")
            try await terminal.closePane()
            try await scratch.expectNothingRemains()
            #expect(try await scratch.claims().isEmpty)
        }
    }

    @Test func `nohup outlives the terminal, with its lock`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        try await terminal.type(
            "cd $DIR; nohup $HOLDFAST run --ttl 1s k -- sh -c 'echo $$ >held; while [ ! -e go ]; do sleep 0.05; done' &"
        )
        let command = try await scratch.number(in: "held")
        try await terminal.closePane()
        #expect(try await scratch.run("run", "-w", "1500ms", "k", "true").status == 1)
        #expect(Kernel.runs(command))
        scratch.make("go")
        try await scratch.expectNothingRemains()
        #expect(try await scratch.claims().isEmpty)
    }

    @Test func `a terminal that does not take what the guardian says does not hold it up`() async throws {
        let scratch = try Scratch()
        let terminal = try await Tmux(scratch)
        try await terminal.type("stty tostop; echo set=$?")
        try await terminal.awaitLine("set=0")
        try await terminal.type(
            "$HOLDFAST run --ttl 2s k -- "
                + "sh -c 'trap \"\" TERM TTOU; echo $$ >$DIR/held; while :; do sleep 0.05; done' &"
        )
        let command = try await scratch.number(in: "held")
        let front = try #require(Kernel.parent(of: command))
        let engine = try #require(Kernel.children(of: front).first { $0 != command })
        Glibc.kill(engine, SIGSTOP)
        try await eventually("the command is dead", within: .seconds(3)) { !Kernel.runs(command) }
        Glibc.kill(engine, SIGCONT)
        try await scratch.expectOnlyTheTerminal()
    }

    @Test func `a full pipe that nobody reads does not hold the guardian up`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.shell(
            """
            mkfifo $DIR/pipe; exec 5<>$DIR/pipe
            timeout 0.3 dd if=/dev/zero of=$DIR/pipe bs=4096 count=1000 2>$DIR/dd
            exec $HOLDFAST run --ttl 2s k -- sh -c "trap '' TERM; \(Witness.words)"'echo $$ >$DIR/held
                while [ ! -e $DIR/go ]; do sleep 0.05; done' 2>$DIR/pipe
            """)
        let command = try await scratch.number(in: "held")
        let engine = try #require(Kernel.children(of: holder.pid).first { $0 != command })
        let next = try scratch.start("run", "k", "--", "sh", "-c", Witness.words + "true")
        try await eventually("another waits") { try await scratch.claims().count == 2 }
        Glibc.kill(engine, SIGSTOP)
        try await eventually("the command is dead", within: .seconds(3)) { !Kernel.runs(command) }
        #expect(try await next.end() == 0)
        #expect(scratch.overlaps == 0)
        Glibc.kill(engine, SIGCONT)
        #expect(try await holder.end() == 79)
        try await scratch.expectNothingRemains()
    }
}

extension Scratch {
    /// But for the shell in the pane and its tmux.
    fileprivate func expectOnlyTheTerminal(sourceLocation: SourceLocation = #_sourceLocation) async throws {
        try await eventually("no process is left", within: .seconds(5), sourceLocation: sourceLocation) {
            self.remaining().allSatisfy { ["bash", "tmux: server"].contains(Kernel.name(of: $0)) }
        }
    }
}

extension Kernel {
    static func isStopped(_ process: pid_t) -> Bool { state(of: process) == "T" }
    static func parent(of process: pid_t) -> pid_t? { status(of: process, "PPid").flatMap { pid_t($0) } }
    static func name(of process: pid_t) -> String? { status(of: process, "Name") }

    private static func state(of process: pid_t) -> Character? { status(of: process, "State")?.first }

    private static func status(of process: pid_t, _ field: String) -> String? {
        let text = (try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8)) ?? ""
        let line = text.split(separator: "\n").first { $0.hasPrefix(field + ":") }
        return line.map { String($0.dropFirst(field.count + 1)).trimmingCharacters(in: .whitespaces) }
    }
}
