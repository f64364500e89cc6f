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
            released is counted as again, not timed. --store memory:// measures the client alone.
            """)

    private static let workersLimit = 100_000
    private static let processesLimit = 1_000

    @Argument(help: ArgumentHelp("cycles or handoff.", valueName: "MODE"))
    var mode: String

    @Option(parsing: .unconditional, help: ArgumentHelp("How many tasks; 64.", valueName: "N"))
    var workers = "64"

    @Option(parsing: .unconditional, help: ArgumentHelp("For how long; 5.", valueName: "S"))
    var seconds = "5"

    @Option(parsing: .unconditional, help: ArgumentHelp("Spread the workers over P processes; 1.", valueName: "P"))
    var processes = "1"

    @Flag(help: "cycles: all workers on one key.")
    var oneKey = false

    @Flag(help: "cycles: with withLock, not acquire and release.")
    var scoped = false

    @Flag(help: "One JSON object.")
    var json = false

    @OptionGroup var store: StoreOption

    mutating func run() throws {
        try Arguments.checkUTF8()
        guard let kind = BenchPlan.Kind(rawValue: mode) else {
            throw Failure(.usage, "bench \"\(mode)\": choose cycles or handoff")
        }
        let processes = try Self.count(processes, "--processes", limit: Self.processesLimit)
        let store = try store.resolve()
        guard processes == 1 || !store.isInProcess else {
            throw Failure(.usage, "memory:// is one process's own; --processes needs a store that processes share")
        }
        let workers = try Self.count(workers, "--workers", limit: Self.workersLimit)
        guard workers >= processes else { throw Failure(.usage, "--processes: each needs a worker") }
        let plan = BenchPlan(
            kind: kind, workers: workers, processes: processes,
            seconds: try DurationText.parse(seconds, for: "--seconds"), usesOneKey: oneKey, isScoped: scoped,
            store: store, prefix: "bench/\(getpid())")
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

    private func report(_ plan: BenchPlan, _ board: Scoreboard, _ elapsed: Duration) {
        let (count, quantiles) = board.latencies(0.5, 0.99)
        let turns = board.turns
        let rate = Double(count) * 1e9 / Double(max(1, elapsed.nanoseconds))
        guard json else {
            Terminal.print(
                """
                \(plan.kind.rawValue): \(Int(rate)) per second, \(count) in \(DurationText.brief(elapsed)), \
                \(plan.workers) workers
                p50 \(JSON.number(quantiles[0], digits: 3).text) ms, p99 \(JSON.number(quantiles[1], digits: 3).text) ms
                again \(board.again), turns of one worker \(turns.min() ?? 0) to \(turns.max() ?? 0)

                """)
            return
        }
        let object = JSON.object([
            ("mode", .string(plan.kind.rawValue)), ("workers", .integer(Int64(plan.workers))),
            ("n", .integer(Int64(count))), ("per_s", .number(rate, digits: 1)),
            ("p50_ms", .number(quantiles[0], digits: 4)), ("p99_ms", .number(quantiles[1], digits: 4)),
            ("again", .integer(Int64(board.again))), ("turns_min", .integer(Int64(turns.min() ?? 0))),
            ("turns_max", .integer(Int64(turns.max() ?? 0))), ("processes", .integer(Int64(plan.processes))),
        ])
        Terminal.print(object.text + "\n")
    }
}
