import Foundation
import Glibc
import Testing

/// What must be true of `holdfast run` on any store when a holder dies, stands still, or is told to end.
package struct CommandTrial: Sendable, CustomStringConvertible {
    package let description: String
    private let body: @Sendable (Scratch) async throws -> Void

    /// - Parameter store: the URL of a store in which nobody else locks.
    package func run(on store: String) async throws { try await body(Scratch(store: store)) }

    package static let all = [killed, stopped, paused, interrupted]
    /// Those that need no listing of claims.
    package static let unlisted = [stopped, paused]

    private static let holding = "echo $$ >$DIR/held; while [ ! -e $DIR/go ]; do sleep 0.05; done"
    private static let timeToLive: Duration = .seconds(2)

    private static func hold(_ scratch: Scratch) async throws -> (Running, command: pid_t) {
        let holder = try scratch.start("run", "--ttl", "2s", "k", "--", "sh", "-c", holding)
        return (holder, try await scratch.number(in: "held"))
    }

    private static func check(_ isTrue: Bool, _ otherwise: @autoclosure () -> String) throws {
        guard isTrue else { throw TestFailure(otherwise()) }
    }

    /// A store may grant more than was asked for: etcd 3 s where 2 s were.
    private static let slack: Duration = .seconds(3)

    private static let killed = CommandTrial(description: "a holder that is killed is followed within its life") {
        let (holder, command) = try await hold($0)
        let first = try await $0.claims()
        let successor = try $0.start("run", "k", "--", "sh", "-c", "echo $$ >$DIR/next")
        let scratch = $0
        try await eventually("the successor waits") { try await scratch.claims().count == 2 }
        holder.send(SIGKILL)
        let began = ContinuousClock.now
        _ = try await scratch.number(in: "next")
        try check(ContinuousClock.now - began < timeToLive + slack, "the successor came late")
        try check(!Kernel.runs(command), "the dead holder's command goes on")
        let status = try await successor.end()
        try check(status == 0, "the successor ended with \(status): \(successor.errors)")
        try check(first.count == 1, "\(first)")
        try await eventually("nothing is left") { try await scratch.claims().isEmpty }
    }

    private static let stopped = CommandTrial(description: "a holder that stands still for too long loses its command")
    {
        let (holder, command) = try await hold($0)
        let front = holder.pid
        let others = Kernel.children(of: front).filter { $0 != command }
        for process in others { Glibc.kill(process, SIGSTOP) }
        let began = ContinuousClock.now
        try await eventually("the command is dead") { !Kernel.runs(command) }
        try check(ContinuousClock.now - began < timeToLive, "the command outlived its lock")
        let next = try await $0.run("run", "-w", "10s", "k", "true")
        try check(next.status == 0, "nobody follows: \(next.errors)")
        for process in others { Glibc.kill(process, SIGCONT) }
        let status = try await holder.end()
        try check(status == 79, "the holder ended with \(status): \(holder.errors)")
    }

    private static let paused = CommandTrial(description: "a holder that stands still for a moment goes on") {
        let (holder, command) = try await hold($0)
        let others = Kernel.children(of: holder.pid).filter { $0 != command }
        for _ in 0..<3 {
            for process in others { Glibc.kill(process, SIGSTOP) }
            try await Task.sleep(for: .milliseconds(300))
            for process in others { Glibc.kill(process, SIGCONT) }
            let refused = try await $0.run("run", "-n", "k", "true")
            try check(refused.status == 1, "the lock was free: \(refused.status) \(refused.errors)")
        }
        try check(Kernel.runs(command), "the command was stopped")
        _ = FileManager.default.createFile(atPath: $0.path("go"), contents: nil)
        let status = try await holder.end()
        try check(status == 0, "the holder ended with \(status): \(holder.errors)")
    }

    private static let interrupted = CommandTrial(description: "a request to end, at any moment, leaves nothing") {
        for round in 0..<12 {
            let waiter = try $0.start("run", "--ttl", "2s", "k", "--", "sleep", "60")
            // Before it has connected, while it acquires, while it holds: nothing tells the test when.
            try await Task.sleep(for: .milliseconds(round * 8))
            waiter.send(round.isMultiple(of: 2) ? SIGTERM : SIGINT)
            let status = try await waiter.end()
            try check([143, 130].contains(status), "ended with \(status): \(waiter.errors)")
        }
        let next = try await $0.run("run", "-w", "10s", "k", "true")
        try check(next.status == 0, "something is left: \(next.errors)")
        let scratch = $0
        try await eventually("nothing is left") { try await scratch.claims().isEmpty }
    }
}
