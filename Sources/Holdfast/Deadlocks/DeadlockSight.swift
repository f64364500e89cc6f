/// Whose turn it is to give way to a circle, from how often it was seen. Pure.
struct DeadlockSight {
    /// After so many looks without effect the next one gives way in the place of one that does not answer.
    private static let looksPerActor = 4

    private let claim: Claim.ID
    /// Who was to give way by the last look.
    private var turn: Claim.ID?
    private var looks = 0

    init(of claim: Claim.ID) { self.claim = claim }

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
        return looks > rank * Self.looksPerActor + (found.isSure && rank == 0 ? 0 : 1) ? found : nil
    }
}
