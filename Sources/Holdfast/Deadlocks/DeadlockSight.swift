/// Whose turn it is to give way to a circle, from how often it was seen. Pure.
struct DeadlockSight {
    private let claim: Claim.ID
    private let looksPerActor: Int
    /// Who was to give way by the last look.
    private var turn: Claim.ID?
    private var looks = 0

    /// - Parameter looksPerActor: after so many without effect the next one gives way in the place of one that does not
    ///   answer.
    init(of claim: Claim.ID, looksPerActor: Int = 4) {
        self.claim = claim
        self.looksPerActor = looksPerActor
    }

    /// Whether the last look has found any.
    var seesCircle: Bool { turn != nil }

    /// Whether it has found a circle that `claim` is to give way to, once that is seen again.
    var isOwn: Bool { turn == claim }

    /// Takes in what a look has found.
    ///
    /// Another circle, of which somebody else is to give way, is a new one to look at. What is not sure is to be seen
    /// twice, and so is what another was to end.
    ///
    /// - Returns: the circle that `claim` has to give way to now.
    mutating func sees(_ found: Deadlock?) -> Deadlock? {
        looks = found?.actors.first == turn ? looks + 1 : 1
        turn = found?.actors.first
        guard let found else { return nil }
        let rank = found.actors.firstIndex(of: claim) ?? found.actors.count
        return looks > rank * looksPerActor + (found.isSure && rank == 0 ? 0 : 1) ? found : nil
    }
}

/// When one who waits looks for a deadlock at first; later it does once in each threshold. Pure.
struct FirstLooks {
    private var times: [Duration]

    /// When to look at first.
    ///
    /// Who has waited about as long says just now what it waits for: half of it seen, two could give way for one. Where
    /// this one was late in saying it, so may the others be: they get as long again.
    ///
    /// - Parameters:
    ///   - began: when the wait began.
    ///   - published: when it was said what is waited for.
    static func first(began: Duration, published: Duration, threshold: Duration) -> Duration {
        let late = published - (began + threshold)
        return max(began + threshold * 1.5, published + min(late, threshold * 0.5))
    }

    init(began: Duration, published: Duration, threshold: Duration) {
        let first = Self.first(began: began, published: published, threshold: threshold)
        times = [first, first + threshold * 0.25, first + threshold * 0.375]
    }

    /// The second is for what is not sure, and for those who are late; the third for what another's going has left.
    ///
    /// - Returns: `nil` when these looks are over.
    mutating func next(seesCircle: Bool) -> Duration? {
        guard times.count > 1 || seesCircle, !times.isEmpty else {
            times = []
            return nil
        }
        return times.removeFirst()
    }
}
