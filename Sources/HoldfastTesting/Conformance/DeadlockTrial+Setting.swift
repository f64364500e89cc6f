extension DeadlockTrial {
    /// The time that a trial lives in: the real one, or one that a simulation makes.
    public struct Setting: Sendable {
        /// What clients wait by, and what is measured by.
        public var clock: any Clock<Duration> = ContinuousClock()
        /// The longest pause between two owners' last requests; how long each one is follows from the seed.
        public var longestPause: Duration = .zero
        /// How long an owner keeps what it has when it goes on, at most; by the seed, too.
        public var longestWork: Duration = .zero
        /// Whether claims' ids and jitter follow from the seed, too.
        public var isRepeatable = false

        /// The real time.
        public init() {}
    }
}
