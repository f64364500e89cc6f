import Foundation
import ServerKit
import Testing

/// A few trials of every fault; `scripts/trials` runs a hundred of each.
@Suite(.timeLimit(.minutes(3))) struct GuardianTrialTests {
    private static let script = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .appendingPathComponent("scripts/trials").path

    @Test func `no two programs run at once, whatever is killed or stopped`() async throws {
        let scratch = try Scratch()
        let trials = try scratch.shell("TRIALS_AT_ONCE=12 TRIALS_KEEP=$DIR/trials exec \(Self.script) 4")
        let status = try await trials.end(within: .seconds(150))
        #expect(status == 0, "\(trials.output)\(trials.errors)")
        #expect(trials.output.contains("two programs without holdfast are seen"))
        #expect(trials.output.contains("| engine-kill | 4 | 0 | 0 |"))
    }
}
