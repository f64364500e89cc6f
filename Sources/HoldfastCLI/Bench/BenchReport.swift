import Holdfast

/// What a bench found, as text and as one JSON object.
struct BenchReport {
    let mode: String
    let workers: Int
    let processes: Int
    let count: Int
    let elapsed: Duration
    /// In milliseconds.
    let p50: Double
    let p99: Double
    let again: Int
    let turnsMin: Int
    let turnsMax: Int

    private var rate: Double { Double(count) * 1e9 / Double(max(1, elapsed.nanoseconds)) }

    var text: String {
        """
        \(mode): \(Int(rate)) per second, \(count) in \(DurationText.brief(elapsed)), \(workers) workers
        p50 \(JSON.number(p50, digits: 3).text) ms, p99 \(JSON.number(p99, digits: 3).text) ms
        again \(again), turns of one worker \(turnsMin) to \(turnsMax)

        """
    }

    var json: String {
        JSON.object([
            ("mode", .string(mode)), ("workers", .integer(Int64(workers))), ("n", .integer(Int64(count))),
            ("per_s", .number(rate, digits: 1)), ("p50_ms", .number(p50, digits: 4)),
            ("p99_ms", .number(p99, digits: 4)), ("again", .integer(Int64(again))),
            ("turns_min", .integer(Int64(turnsMin))), ("turns_max", .integer(Int64(turnsMax))),
            ("processes", .integer(Int64(processes))),
        ]).text + "\n"
    }
}
