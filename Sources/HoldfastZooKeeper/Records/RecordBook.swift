#if ZooKeeper
import Holdfast

/// What a client knows of its records: the leader's clock, and when to look for what is over.
struct RecordBook: Sendable {
    /// Whether a life is over.
    enum Verdict: Sendable, Hashable {
        case over
        case alive
        /// By this machine's clock alone, which is no proof.
        case doubtful
    }

    /// The leader's clock at some time before `heardAt`: the answer has taken a while.
    private var told: (milliseconds: Int64, heardAt: Duration)?
    private var sweptAt: Duration?
    private var isSweeping = false
    private var creations = 0
    private var number: UInt64 = 0

    /// Nodes of one client, numbered.
    mutating func next() -> UInt64 {
        number += 1
        return number
    }

    /// An answer told when something was changed just now.
    mutating func hear(_ milliseconds: Int64, at now: Duration) { told = (milliseconds, now) }

    func verdict(until: Int64?, now: Duration, wall: Int64, trust: Duration) -> Verdict {
        guard let until else { return .alive }
        guard let told, now - told.heardAt < trust else { return wall >= until ? .doubtful : .alive }
        // Its clock is that far at least.
        return told.milliseconds + Int64((now - told.heardAt) / .milliseconds(1)) >= until ? .over : .alive
    }

    /// Records are used.
    ///
    /// - Parameter isCreated: whether one was made that has a life.
    /// - Returns: whether to sweep now, and whether to do so even where others have just done it.
    mutating func use(isCreated: Bool, now: Duration, _ bounds: RecordBounds) -> (isDue: Bool, isForced: Bool) {
        if isCreated { creations += 1 }
        let isForced = creations >= bounds.creationsPerSweep
        let isDue = sweptAt.map { now - $0 >= bounds.sweepInterval } ?? true
        guard !isSweeping, isForced || isDue else { return (false, false) }
        (sweptAt, isSweeping) = (now, true)
        // Unforced, it may find that others have done it.
        if isForced { creations = 0 }
        return (true, isForced)
    }

    mutating func swept() { isSweeping = false }
}
#endif
