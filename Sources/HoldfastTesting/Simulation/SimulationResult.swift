/// How one seeded run went.
public struct SimulationResult: Sendable {
    public let seed: UInt64
    public internal(set) var violations: [Violation] = []
    /// Two runs of one seed have the same.
    public internal(set) var eventHash: UInt64 = 0
    public internal(set) var counts = Counts()
    public internal(set) var history = History([HistoryEvent]())

    /// What happened: a series of runs in which nothing did is invalid, not green.
    public struct Counts: Sendable, Equatable {
        public var runs = 0
        public var grants = 0
        public var losses = 0
        public var failures = 0
        public var faults = 0
        public var incidents = 0
        public var jobs = 0
        /// What observers were told, where there are any.
        public var news = 0

        public static func + (lhs: Counts, rhs: Counts) -> Counts {
            Counts(
                runs: lhs.runs + rhs.runs, grants: lhs.grants + rhs.grants, losses: lhs.losses + rhs.losses,
                failures: lhs.failures + rhs.failures, faults: lhs.faults + rhs.faults,
                incidents: lhs.incidents + rhs.incidents, jobs: lhs.jobs + rhs.jobs,
                news: lhs.news + rhs.news)
        }
    }

    /// What happened, one event a line, without the listings at the backend.
    public var transcript: String {
        history.events
            .map { "\($0.time) \($0.kind)" }.joined(separator: "\n")
    }

    /// What to print for a failing seed.
    public var report: String {
        let list = violations.prefix(5).map { "  \($0)" }.joined(separator: "\n")
        return "seed=\(seed): replay with HOLDFAST_SEED=\(seed) swift test --filter Simulation\n\(list)"
    }
}

/// How many seeded runs went.
public struct SimulationSummary: Sendable {
    public var counts = SimulationResult.Counts()
    /// The first failing runs, by seed.
    public var failures: [SimulationResult] = []
    public var failuresCount = 0
}
