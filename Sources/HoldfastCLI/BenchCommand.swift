import ArgumentParser
import Glibc
import Holdfast

struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a store.",
        discussion: """
            cycles: each worker acquires and releases a key of its own. handoff: all workers share one key and hold it \
            for 1 ms; timed from calling release to the next acquire's return. A hand-off back to the worker that \
            released is counted as again, not timed. updates: each worker adds one to a record of its own, \
            optimistically. --store memory:// measures the client alone.

            To compare with: raw makes the store's own requests of a cycle without a claim (sqlite: one-row commits, \
            one worker); push times the request that wakes a waiter until a task of this process has it.

            EXAMPLES
              holdfast bench cycles --workers 64
              holdfast bench handoff --workers 8 --processes 2 -o json
              holdfast bench raw --seconds 10
            """)

    private static let workersLimit = 100_000
    private static let processesLimit = 1_000

    @Argument(
        help: ArgumentHelp("cycles, handoff, updates, raw or push.", valueName: "MODE"),
        completion: .list(["cycles", "handoff", "updates", "raw", "push"]))
    var mode: String

    @Option(parsing: .unconditional, help: ArgumentHelp("How many tasks; 64.", valueName: "N"))
    var workers = "64"

    @Option(parsing: .unconditional, help: ArgumentHelp("For how long; 5.", valueName: "S"))
    var seconds = "5"

    @Option(parsing: .unconditional, help: ArgumentHelp("Spread the workers over P processes; 1.", valueName: "P"))
    var processes = "1"

    @Flag(help: "cycles, updates: all workers on one key.")
    var oneKey = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("cycles: lock paths of N components, all but the last of them shared.", valueName: "N"))
    var depth: String?

    @Flag(help: "cycles: with withLock, not acquire and release.")
    var scoped = false

    @Flag(help: "Run the workers on the task pool, and not on the thread of the store's connection.")
    var pool = false

    @Flag(help: "The same as -o json.")
    var json = false

    @OptionGroup var output: OutputOption

    @OptionGroup var store: StoreOption

    mutating func run() throws {
        try Arguments.checkUTF8()
        json = try output.format(json: json) == .json
        guard let kind = BenchPlan.Kind(rawValue: mode) else {
            throw Failure(.usage, "bench \"\(mode)\": choose cycles, handoff, updates, raw or push")
        }
        guard depth == nil || kind == .cycles else { throw Failure(.usage, "--depth: only cycles lock paths") }
        let processes = try Self.count(processes, "--processes", limit: Self.processesLimit)
        let store = try store.resolve()
        guard kind != .raw || !store.isFile else { return try runRaw(store) }
        guard processes == 1 || !store.isInProcess else {
            throw Failure(.usage, "memory:// is one process's own; --processes needs a store that processes share")
        }
        let depth = try depth.map { text throws(Failure) in
            try Self.count(text, "--depth", limit: LockPath.depthLimit)
        }
        let workers = try Self.count(workers, "--workers", limit: Self.workersLimit)
        guard workers >= processes else { throw Failure(.usage, "--processes: each needs a worker") }
        let plan = BenchPlan(
            kind: kind, workers: workers, processes: processes,
            seconds: try DurationText.parse(seconds, for: "--seconds"), usesOneKey: oneKey, isScoped: scoped,
            depth: depth, usesPool: pool, store: store, prefix: "bench/\(getpid())")
        let conductor = try BenchConductor(plan)
        let elapsed = try conductor.run()
        report(plan, conductor.board, elapsed)
    }

    private static func count(_ text: String, _ option: String, limit: Int) throws(Failure) -> Int {
        guard let count = Int(text), count >= 1, count <= limit else {
            throw Failure(.usage, "\(option) \"\(text)\": write a number from 1 to \(limit)")
        }
        return count
    }

    private func runRaw(_ store: Store) throws {
        let duration = try DurationText.parse(seconds, for: "--seconds")
        let samples = try store.rawInserts(for: duration).sorted()
        let total = samples.reduce(.zero, +)
        report(
            BenchReport(
                mode: mode, workers: 1, processes: 1, count: samples.count, elapsed: total,
                p50: samples.isEmpty ? 0 : Double(samples[samples.count / 2].nanoseconds) / 1e6,
                p99: samples.isEmpty ? 0 : Double(samples[samples.count * 99 / 100].nanoseconds) / 1e6, again: 0,
                turnsMin: samples.count, turnsMax: samples.count))
    }

    private func report(_ plan: BenchPlan, _ board: Scoreboard, _ elapsed: Duration) {
        let (count, quantiles) = board.latencies(0.5, 0.99)
        let turns = board.turns
        report(
            BenchReport(
                mode: plan.kind.rawValue, workers: plan.workers, processes: plan.processes, count: count,
                elapsed: elapsed, p50: quantiles[0], p99: quantiles[1], again: board.again,
                turnsMin: turns.min() ?? 0, turnsMax: turns.max() ?? 0))
    }

    private func report(_ report: BenchReport) { Terminal.print(json ? report.json : report.text) }
}
