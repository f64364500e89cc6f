import Foundation
import Glibc
import ServerKit
import Testing

/// Two programs at once, decided by the kernel: each program and all its children hold flock(1) on one file. A second
/// program that starts while anything of the first is left notes it.
enum Witness {
    /// The first words of a program.
    static let words = "exec 9>>$DIR/witness; flock -n 9 || echo $$ >>$DIR/overlaps; "
}

extension Scratch {
    func lines(in name: String) -> [String] {
        let text = (try? String(contentsOfFile: path(name), encoding: .utf8)) ?? ""
        return text.split(separator: "\n").map(String.init)
    }

    func make(_ name: String) { _ = FileManager.default.createFile(atPath: path(name), contents: nil) }

    var overlaps: Int { lines(in: "overlaps").count }

    /// What runs of the commands that a test started, and of their programs, wherever it went: by its environment.
    func remaining() -> [pid_t] {
        let mark = Array("DIR=\(directory)".utf8)
        let processes = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return processes.compactMap { pid_t($0) }.filter { process in
            let environment = FileManager.default.contents(atPath: "/proc/\(process)/environ") ?? Data()
            return environment.split(separator: 0).contains { $0.elementsEqual(mark) } && Kernel.runs(process)
        }
    }

    func expectNothingRemains(
        within bound: Duration = .seconds(5), sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        do {
            try await eventually("no process is left", within: bound, sourceLocation: sourceLocation) {
                self.remaining().isEmpty
            }
        } catch {
            let words = remaining().map { process in
                (try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8))?
                    .split(separator: "\0").joined(separator: " ") ?? "\(process)"
            }
            throw TestFailure("\(error): \(words)")
        }
    }
}

@Suite(.timeLimit(.minutes(1))) struct WitnessTests {
    @Test func `the witness sees two programs without holdfast, and none with it`() async throws {
        let scratch = try Scratch()
        let program = Witness.words + "echo $$ >$DIR/$WHO; while [ ! -e $DIR/go ]; do sleep 0.01; done"
        let first = try scratch.shell("WHO=first; " + program)
        _ = try await scratch.number(in: "first")
        #expect(scratch.overlaps == 0)
        let second = try scratch.shell("WHO=second; " + program)
        _ = try await scratch.number(in: "second")
        #expect(scratch.overlaps == 1)
        scratch.make("go")
        try await first.end()
        try await second.end()
        #expect(scratch.lines(in: "witness").isEmpty)
        let guarded = try await scratch.run("run", "k", "--", "sh", "-c", "WHO=third; " + program)
        #expect(guarded.status == 0)
        #expect(scratch.overlaps == 1)
    }
}
