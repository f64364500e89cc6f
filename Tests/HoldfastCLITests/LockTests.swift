import Foundation
import Glibc
import ServerKit
import Testing

/// `holdfast lock`: the handle, what ends the hold, and what is left after it.
@Suite(.timeLimit(.minutes(2))) struct LockTests {
    struct Handle: Decodable {
        let event: String
        let keys: [String]
        let token: String
        let mode: String
        let id: String
        let owner: Owner
        let expires_at: Int64
        let time_left_ms: Int64

        struct Owner: Decodable {
            let pid: Int32
            let program: String
            let label: String
        }
    }

    private func handle(of lock: Running) async throws -> Handle {
        try await eventually("the handle is printed") { lock.output.contains("\n") }
        let line = try #require(lock.output.split(separator: "\n").first)
        return try JSONDecoder().decode(Handle.self, from: Data(line.utf8))
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `it prints its handle, holds beside a standard input of nothing, and a signal releases with 0`(
        _ signal: Int32
    ) async throws {
        let scratch = try Scratch()
        let before = Int64(Date().timeIntervalSince1970 * 1000)
        let lock = try scratch.start("lock", "k", "--ttl", "10s", "--name", "by hand")
        let handle = try await handle(of: lock)
        #expect(handle.event == "held" && handle.keys == ["k"] && handle.mode == "exclusive")
        #expect(handle.owner.pid == lock.pid && handle.owner.label == "by hand")
        #expect(handle.expires_at > before + 5_000 && handle.expires_at < before + 30_000)
        #expect(handle.time_left_ms > 0 && handle.time_left_ms <= 10_000)
        let claims = try await scratch.claims()
        #expect(claims.map(\.token) == [handle.token])
        lock.send(signal)
        #expect(try await lock.end() == 0)
        #expect(lock.errors == "")
        #expect(try await scratch.claims().isEmpty)
    }

    @Test(arguments: [
        (["-s"], "shared"), (["-x"], "exclusive"), (["--permits", "2/3"], "permits 2/3"),
    ])
    func `several names are one claim, in any mode`(_ options: [String], _ mode: String) async throws {
        let scratch = try Scratch()
        let lock = try scratch.shell("exec $HOLDFAST lock \(options.joined(separator: " ")) b,a")
        let handle = try await handle(of: lock)
        #expect(handle.keys == ["a", "b"] && handle.mode == mode)
        #expect(try await scratch.claims().map(\.key) == ["a", "b"])
        lock.send(SIGTERM)
        #expect(try await lock.end() == 0)
    }

    @Test func `the end of a pipe releases`() async throws {
        let scratch = try Scratch()
        let lock = try scratch.shell("while [ ! -e $DIR/go ]; do sleep 0.01; done | $HOLDFAST lock k")
        _ = try await handle(of: lock)
        #expect(try await scratch.claims().count == 1)
        #expect(FileManager.default.createFile(atPath: scratch.path("go"), contents: nil))
        #expect(try await lock.end() == 0)
        #expect(try await scratch.claims().isEmpty)
    }

    @Test func `what is written to the pipe does not matter, and a closed standard input does not release`()
        async throws
    {
        let scratch = try Scratch()
        let fed = try scratch.shell(
            "{ seq 10000; while [ ! -e $DIR/go ]; do sleep 0.01; done; } | $HOLDFAST lock fed")
        let closed = try scratch.shell("exec $HOLDFAST lock closed <&-")
        for lock in [fed, closed] { _ = try await handle(of: lock) }
        #expect(try await scratch.claims().count == 2)
        #expect(FileManager.default.createFile(atPath: scratch.path("go"), contents: nil))
        #expect(try await fed.end() == 0)
        #expect(closed.isRunning)
        closed.send(SIGTERM)
        #expect(try await closed.end() == 0)
    }

    @Test func `a pipe that ends before the lock is held gives up`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "k")
        _ = try await handle(of: holder)
        let waiter = try scratch.shell(": | $HOLDFAST lock -E 7 k")
        #expect(try await waiter.end() == 7)
        #expect(try await scratch.claims().count == 1)
        holder.send(SIGTERM)
        try await holder.end()
    }

    @Test func `a script holds it as a coprocess`() async throws {
        let scratch = try Scratch()
        let script = """
            coproc LOCK { "$HOLDFAST" lock -w 30s k; }
            read -r handle <&"${LOCK[0]}" || exit 75
            echo "$handle"
            "$HOLDFAST" run -n k true; echo "meanwhile $?"
            eval "exec ${LOCK[1]}>&-"; wait "$LOCK_PID"; echo "released $?"
            "$HOLDFAST" run -n k true; echo "after $?"
            """
        try script.write(toFile: scratch.path("script"), atomically: true, encoding: .utf8)
        let shell = try scratch.shell("exec bash $DIR/script")
        #expect(try await shell.end() == 0, "\(shell.errors)")
        let lines = shell.output.split(separator: "\n")
        try #require(lines.count == 4)
        #expect(lines[0].hasPrefix("{\"event\":\"held\""))
        #expect(lines[1...] == ["meanwhile 1", "released 0", "after 0"])
    }

    @Test func `conflict is 1, or -E, with nothing on standard output`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "k")
        _ = try await handle(of: holder)
        for (arguments, status) in [(["-n"], Int32(1)), (["-w", "100ms"], 1), (["-n", "-E", "42"], 42)] {
            let run = try await scratch.run(["lock"] + arguments + ["k"])
            #expect(run.status == status)
            #expect(run.output == "")
        }
        #expect(try await scratch.run("lock", "-n", "--permits", "1/2", "k").status == 75)
        #expect(try await scratch.claims().count == 1)
        holder.send(SIGTERM)
        try await holder.end()
    }

    @Test(arguments: [SIGINT, SIGTERM, SIGHUP])
    func `a signal while it waits is 128 and the signal, and leaves no claim`(_ signal: Int32) async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "k")
        _ = try await handle(of: holder)
        let waiter = try scratch.start("lock", "k")
        try await eventually("it waits") { try await scratch.claims().count == 2 }
        waiter.send(signal)
        #expect(try await waiter.end() == 128 + signal)
        #expect(waiter.output == "")
        #expect(try await scratch.claims().map(\.state) == ["held"])
        holder.send(SIGTERM)
        try await holder.end()
    }
}

// MARK: - Closed streams

extension LockTests {
    @Test func `streams that were closed at the start do not become the store's files`() async throws {
        let scratch = try Scratch()
        let lock = try scratch.shell("exec $HOLDFAST lock k <&- >&- 2>&-")
        try await eventually("it is held") { try await scratch.claims().count == 1 }
        for stream in 0...2 {
            let file = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(lock.pid)/fd/\(stream)")
            #expect(file == "/dev/null")
        }
        lock.send(SIGTERM)
        #expect(try await lock.end() == 0)
        // A program under the lock finds them closed, as it would without us.
        let run = try scratch.shell(
            "exec 3>$DIR/out; exec <&- 2>&-; "
                + "$HOLDFAST run k -- sh -c '[ -e /proc/$$/fd/0 ] || [ -e /proc/$$/fd/2 ]; echo $? >&3'")
        #expect(try await run.end() == 0)
        #expect(try String(contentsOfFile: scratch.path("out"), encoding: .utf8) == "1\n")
    }
}

// MARK: - Loss

extension LockTests {
    private func reason(of lock: Running) throws -> String {
        let lines = lock.output.split(separator: "\n")
        try #require(lines.count == 2, "\(lock.output)\(lock.errors)")
        let object = try JSONSerialization.jsonObject(with: Data(lines[1].utf8)) as? [String: String]
        #expect(object?["event"] == "lost")
        return object?["reason"] ?? ""
    }

    @Test func `a holder that is asked says so, lets go, and ends with 79`() async throws {
        let scratch = try Scratch()
        let lock = try scratch.start("lock", "k")
        _ = try await handle(of: lock)
        #expect(try await scratch.run("break", "k").status == 0)
        #expect(try await lock.end() == 79)
        #expect(try reason(of: lock) == "asked")
    }

    @Test func `a claim that is removed by force is lost`() async throws {
        let scratch = try Scratch()
        let lock = try scratch.start("lock", "k")
        _ = try await handle(of: lock)
        #expect(try await scratch.run("break", "--force", "k").status == 0)
        #expect(try await lock.end() == 79)
        #expect(try reason(of: lock) == "removed")
    }

    @Test func `--max-hold ends it`() async throws {
        let scratch = try Scratch()
        let lock = try await scratch.run("lock", "--max-hold", "200ms", "k")
        #expect(lock.status == 79)
        #expect(try reason(of: lock) == "max_hold")
        #expect(try await scratch.claims().isEmpty)
    }

    @Test func `a holder that was stopped for longer than it lives finds that it lost the lock`() async throws {
        let scratch = try Scratch()
        let lock = try scratch.start("lock", "--ttl", "1s", "k")
        _ = try await handle(of: lock)
        lock.send(SIGSTOP)
        #expect(try await scratch.run("run", "-w", "10", "k", "true").status == 0)
        lock.send(SIGCONT)
        #expect(try await lock.end() == 79)
        #expect(["expired", "removed"].contains(try reason(of: lock)))
    }

    @Test func `a holder that is killed holds nothing`() async throws {
        let scratch = try Scratch()
        let lock = try scratch.start("lock", "k")
        _ = try await handle(of: lock)
        lock.send(SIGKILL)
        try await lock.end()
        #expect(try await scratch.run("run", "-n", "k", "true").status == 0)
    }

    @Test func `a second signal does not wait for a store that hangs`() async throws {
        let scratch = try Scratch()
        let lock = try scratch.start("lock", "k")
        _ = try await handle(of: lock)
        let hang = try scratch.shell("flock $DIR/locks.sqlite-turn sh -c 'echo $$ >$DIR/hung; exec sleep 60'")
        let sleeper = try await scratch.number(in: "hung")
        lock.send(SIGTERM)
        lock.send(SIGINT)
        let start = ContinuousClock.now
        #expect([128 + SIGINT, 128 + SIGTERM].contains(try await lock.end()))
        #expect(ContinuousClock.now - start < .seconds(5))
        kill(sleeper, SIGKILL)
        try await hang.end()
    }
}
