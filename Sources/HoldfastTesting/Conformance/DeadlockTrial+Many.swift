public import Holdfast

extension DeadlockTrial {
    /// What many trials saw.
    public struct Tally: Sendable, CustomStringConvertible {
        /// Graphs that were tried.
        public var graphs = 0
        /// Those of them with a circle.
        public var withCircles = 0
        /// Owners that gave way, each to a circle of its own.
        public var victims = 0
        /// The longest time from the wait that closed a circle to its end, in thresholds.
        public var slowest = 0.0
        /// The graph with that.
        public var slowestSeed: UInt64 = 0
        /// Graphs in which it was longer than twice the threshold.
        public var late = 0

        /// One line with all of it.
        public var description: String {
            "\(graphs) graphs, \(withCircles) with circles, \(victims) gave way, "
                + "the last after \((slowest * 100).rounded() / 100) thresholds (seed \(slowestSeed)), "
                + "\(late) after more than 2"
        }

        fileprivate mutating func add(_ seed: UInt64, _ outcome: Outcome, threshold: Duration) {
            graphs += 1
            withCircles += outcome.victims.isEmpty ? 0 : 1
            victims += outcome.victims.count
            let time = outcome.slowest / threshold
            late += time > 2 ? 1 : 0
            if time > slowest { (slowest, slowestSeed) = (time, seed) }
        }
    }

    /// Runs many seeds, some at once.
    ///
    /// - Parameters:
    ///   - seeds: each a graph of its own, on keys of its own.
    ///   - atOnce: how many share the machine and the store: each opens up to six ways to it.
    ///   - threshold: the clients' threshold; 0.5 s by default.
    ///   - slack: what is added to twice the threshold.
    ///   - prefix: of keys that nobody else uses.
    ///   - makeStore: opens a store for one trial: what it returns opens ways to it.
    /// - Returns: what they saw: where nobody gave way, nothing was tried.
    /// - Throws: ``ConformanceFailure`` with the seed.
    public static func runMany(
        _ seeds: Range<UInt64>, atOnce: Int, threshold: Duration = .milliseconds(500),
        slack: Duration = usualSlack, prefix: String = "deadlock/",
        makeStore: @escaping @Sendable () async throws -> @Sendable () async throws -> any LockBackend
    ) async throws -> Tally {
        try await withThrowingTaskGroup(of: (UInt64, Outcome).self) { group in
            var tally = Tally()
            for (index, seed) in seeds.enumerated() {
                if index >= atOnce, let (seed, outcome) = try await group.next() {
                    tally.add(seed, outcome, threshold: threshold)
                }
                group.addTask {
                    let makeBackend = try await makeStore()
                    return (
                        seed,
                        try await run(
                            seed: seed, prefix: "\(prefix)\(seed)/", threshold: threshold, slack: slack,
                            makeBackend: makeBackend)
                    )
                }
            }
            for try await (seed, outcome) in group { tally.add(seed, outcome, threshold: threshold) }
            return tally
        }
    }
}
