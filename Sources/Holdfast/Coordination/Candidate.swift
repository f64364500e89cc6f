/// One who campaigns, or leads, as others see it.
public struct Candidate: Sendable, Hashable {
    /// The claim's id: whom to hand over to.
    public let id: Claim.ID
    /// What it says of itself.
    public let proposal: String
    public let owner: Owner
    /// The leader's; `nil` for those who wait.
    public let token: FencingToken?
    /// How long ago it began to campaign.
    public let age: Duration

    /// Whether it leads.
    public var isLeader: Bool { token != nil }

    init(_ record: ClaimRecord) {
        id = record.id
        proposal = record.note.text
        owner = record.owner
        token = record.token
        age = record.age
    }

    /// Whether both say the same of one candidate, but for its age.
    func says(thatOf other: Candidate) -> Bool {
        id == other.id && token == other.token && proposal == other.proposal
    }
}

/// Who leads, as far as an observer knows.
public enum LeaderState: Sendable, Hashable {
    /// It led when the store was asked.
    case leader(Candidate)
    /// Nobody led when the store was asked.
    case none
    /// The store could not be asked for a while.
    case unknown

    func isNews(after other: LeaderState?) -> Bool {
        switch (self, other) {
        case (.leader(let mine), .leader(let theirs)): !mine.says(thatOf: theirs)
        case (.none, .some(.none)), (.unknown, .unknown): false
        default: true
        }
    }
}
