import Foundation
import Glibc
import ServerKit
import Testing

/// Hundreds of commands at once, as where every machine's clock starts the same job.
@Suite(.timeLimit(.minutes(3))) struct StormTests {
    private static let commands = 200
    /// For a build without optimisation on two busy cores; docs/guardian.md has the figures of a release.
    private static let bound: Duration = .seconds(40)

    @Test func `of 200 starts at once exactly one runs, and the others exit 1 without a word`() async throws {
        let scratch = try Scratch()
        let program = Witness.words + "echo $$ >>$DIR/ran; while [ ! -e $DIR/go ]; do sleep 0.05; done"
        let began = ContinuousClock.now
        let storm = try (0..<Self.commands).map { _ in
            try scratch.start("run", "-n", "job", "--", "sh", "-c", program)
        }
        try await eventually("all but one have decided", within: Self.bound) {
            storm.count { $0.isRunning } <= 1
        }
        print("storm: \(Self.commands) starts decided in \(ContinuousClock.now - began)")
        scratch.make("go")
        for command in storm { try await command.end() }
        #expect(storm.count { $0.status == 0 } == 1)
        #expect(storm.count { $0.status == 1 } == Self.commands - 1)
        #expect(Set(storm.map(\.errors)) == [""])
        #expect(scratch.lines(in: "ran").count == 1)
        #expect(scratch.overlaps == 0)
        try await scratch.expectNothingRemains()
    }

    @Test func `200 that wait all run, one at a time, in the order of their claims`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start(
            "run", "job", "--", "sh", "-c", "echo $$ >$DIR/held; while [ ! -e $DIR/go ]; do sleep 0.05; done")
        _ = try await scratch.number(in: "held")
        let began = ContinuousClock.now
        let program = Witness.words + "echo $HOLDFAST_PID $HOLDFAST_TOKEN >>$DIR/ran"
        let storm = try (0..<Self.commands).map { _ in
            try scratch.start("run", "-w", "60s", "job", "--", "sh", "-c", program)
        }
        var queue: [Scratch.Listed] = []
        try await eventually("all have placed their claims", within: Self.bound) {
            queue = try await scratch.claims().filter { $0.state == "waiting" }
            return queue.count == Self.commands
        }
        // The listing is in the order of the claims; the times of their placing say the same.
        #expect(queue.map(\.age_ms) == queue.map(\.age_ms).sorted(by: >))
        print("storm: \(Self.commands) waiters queued after \(ContinuousClock.now - began)")
        let released = ContinuousClock.now
        scratch.make("go")
        #expect(try await holder.end() == 0)
        for command in storm { #expect(try await command.end(within: .seconds(60)) == 0, "\(command.errors)") }
        print("storm: \(Self.commands) hand-offs in \(ContinuousClock.now - released)")
        let ran = scratch.lines(in: "ran").map { $0.split(separator: " ").compactMap { Int64($0) } }
        #expect(ran.map(\.first) == queue.map { Int64($0.owner.pid) })
        #expect(ran.map(\.last) == ran.compactMap(\.last).sorted())
        #expect(Set(ran.compactMap(\.last)).count == Self.commands)
        #expect(scratch.overlaps == 0)
        try await scratch.expectNothingRemains()
    }
}
