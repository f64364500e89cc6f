import Foundation
import Glibc
import ServerKit
import Testing

/// Every signal in every state leaves no claim behind beyond its time to live, and no program without its lock.
@Suite(.timeLimit(.minutes(2))) struct SignalMatrixTests {
    enum Blow: String, CaseIterable, Sendable {
        case INT, TERM, HUP, KILL, STOP

        var number: Int32 {
            switch self {
            case .INT: SIGINT
            case .TERM: SIGTERM
            case .HUP: SIGHUP
            case .KILL: SIGKILL
            case .STOP: SIGSTOP
            }
        }
    }

    /// Who is sent the signal; the group is what a terminal or `kill -- -PGID` reaches.
    enum Target: String, CaseIterable, Sendable { case front, group }

    private static let timeToLive: Duration = .seconds(2)
    private static let beyond: Duration = .milliseconds(2300)

    /// All blows at the same time, each on a store of its own.
    private func everyBlow(_ target: Target, _ trial: @escaping @Sendable (Blow, Target) async throws -> Void)
        async throws
    {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for blow in Blow.allCases { group.addTask { try await trial(blow, target) } }
            try await group.waitForAll()
        }
    }

    private static func strike(_ command: Running, _ blow: Blow, _ target: Target) {
        Glibc.kill(target == .group ? -command.pid : command.pid, blow.number)
    }

    private static func go(on command: Running, _ target: Target) {
        Glibc.kill(target == .group ? -command.pid : command.pid, SIGCONT)
    }

    /// Nothing runs, and nothing is claimed, at the latest when the time to live is over.
    private static func expectNothingIsLeft(_ scratch: Scratch, _ blow: Blow) async throws {
        let end = ContinuousClock.now
        try await scratch.expectNothingRemains(within: timeToLive + .seconds(1))
        try await eventually("\(blow): no claim is left", within: timeToLive + .seconds(1)) {
            try await scratch.claims().isEmpty
        }
        #expect(ContinuousClock.now - end < timeToLive + .seconds(1), "\(blow)")
    }

    @Test(arguments: Target.allCases) func `while it waits`(_ target: Target) async throws {
        try await everyBlow(target) { blow, target in
            let scratch = try Scratch()
            let holder = try scratch.start(
                "run", "k", "--", "sh", "-c", "echo $$ >$DIR/held; while [ ! -e $DIR/go ]; do sleep 0.02; done")
            _ = try await scratch.number(in: "held")
            let waiter = try scratch.start("run", "--ttl", "2s", "k", "--", "touch", scratch.path("ran"))
            try await eventually("it waits") { try await scratch.claims().count == 2 }
            Self.strike(waiter, blow, target)
            if blow == .STOP {
                let passed = try await scratch.run("run", "-w", "\(Self.beyond.milliseconds)ms", "k", "true")
                #expect(passed.status == 1)
                #expect(try await scratch.claims().map(\.state) == ["held", "waiting"])
                Self.go(on: waiter, target)
            } else {
                #expect(try await waiter.end(within: .seconds(5)) == 128 + blow.number)
                try await eventually("\(blow): its claim is gone", within: Self.timeToLive) {
                    try await scratch.claims().count == 1
                }
            }
            scratch.make("go")
            #expect(try await holder.end() == 0)
            if blow == .STOP { #expect(try await waiter.end() == 0) }
            #expect(scratch.exists("ran") == (blow == .STOP))
            try await Self.expectNothingIsLeft(scratch, blow)
        }
    }

    @Test(arguments: Target.allCases) func `while it holds`(_ target: Target) async throws {
        try await everyBlow(target) { blow, target in
            let scratch = try Scratch()
            let program =
                "sleep 60 & one=$!; setsid sleep 60 & two=$!; echo $$ >$DIR/held; "
                + "while [ ! -e $DIR/go ]; do sleep 0.02; done; kill $one $two; exit 7"
            let holder = try scratch.start("run", "--ttl", "2s", "k", "--", "sh", "-c", Witness.words + program)
            let command = try await scratch.number(in: "held")
            let next = try scratch.start("run", "k", "--", "sh", "-c", Witness.words + "echo $$ >$DIR/next")
            try await eventually("another waits") { try await scratch.claims().count == 2 }
            Self.strike(holder, blow, target)
            switch blow {
            case .STOP:
                #expect(try await scratch.run("run", "-w", "\(Self.beyond.milliseconds)ms", "k", "true").status == 1)
                #expect(!scratch.exists("next") && Kernel.runs(command))
                Self.go(on: holder, target)
                scratch.make("go")
                #expect(try await holder.end() == 7)
            case .KILL: #expect(try await holder.end() == 137)
            default:
                // The program's own child that left its group was not sent the signal, and keeps the lock.
                try await eventually("\(blow): the program has ended") { !Kernel.runs(command) }
                #expect(holder.isRunning && !scratch.exists("next"), "\(blow)")
                for process in scratch.remaining() where Kernel.name(of: process) == "sleep" {
                    Glibc.kill(process, SIGKILL)
                }
                #expect(try await holder.end() == 128 + blow.number)
            }
            #expect(try await next.end() == 0)
            #expect(scratch.overlaps == 0, "\(blow)")
            try await Self.expectNothingIsLeft(scratch, blow)
        }
    }

    @Test(arguments: Target.allCases) func `while it releases`(_ target: Target) async throws {
        try await everyBlow(target) { blow, target in
            let scratch = try Scratch()
            let holder = try scratch.start(
                "run", "--ttl", "3s", "k", "--", "sh", "-c",
                "echo $$ >$DIR/held; while [ ! -e $DIR/go ]; do sleep 0.02; done; exit 5")
            let command = try await scratch.number(in: "held")
            // Whoever has the store's write turn keeps all others from writing: the release takes time.
            let turn = try scratch.shell(
                "exec flock -F $DIR/locks.sqlite-turn "
                    + "sh -c 'echo $$ >$DIR/turn; while [ ! -e $DIR/on ]; do sleep 0.02; done'"
            )
            _ = try await scratch.number(in: "turn")
            scratch.make("go")
            try await eventually("the program has ended") { !Kernel.runs(command) }
            #expect(holder.isRunning)
            Self.strike(holder, blow, target)
            switch blow {
            case .STOP: try await eventually("it is stopped") { Kernel.isStopped(holder.pid) }
            case .KILL: #expect(try await holder.end(within: .seconds(2)) == 137)
            // The claim expires by itself, or goes with the process.
            default: #expect(try await holder.end(within: .seconds(2)) == 5, "\(blow)")
            }
            scratch.make("on")
            try await turn.end()
            if blow == .STOP {
                Self.go(on: holder, target)
                #expect(try await holder.end() == 5)
            }
            try await Self.expectNothingIsLeft(scratch, blow)
        }
    }
}

extension Duration {
    fileprivate var milliseconds: Int64 { components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000 }
}
