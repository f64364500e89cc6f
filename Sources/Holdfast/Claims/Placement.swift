/// Where a claim may be placed.
public enum PlaceCondition: Sendable, Hashable {
    /// At the end of its queues, held or waiting.
    case always
    /// Only where it would be held at once; otherwise it is refused and leaves nothing behind.
    case ifFree
}

/// What a backend says when a claim comes to be held.
public struct Grant: Sendable, Hashable {
    public let token: FencingToken
    /// Of a `place` that was held at once: how much of the claim's life was over when it was sent. Zero but where
    /// claims share a session that was kept alive a while ago.
    public let age: Duration

    public init(token: FencingToken, age: Duration = .zero) {
        self.token = token
        self.age = age
    }
}

/// What became of a `place`.
public enum Placement: Sendable, Hashable {
    case held(Grant)
    /// - age: as ``Grant/age``.
    case waiting(age: Duration = .zero)
    /// Only under ``PlaceCondition/ifFree``: an earlier claim blocks it.
    case refused
}

/// What became of an `extend`. Claims that are in neither set were extended.
public struct Extension: Sendable, Hashable {
    /// Expired, removed or never placed: final.
    public var gone: Set<Claim.ID>
    /// Extended, but an operator asks the owner to let go (`holdfast break`).
    public var asked: Set<Claim.ID>
    /// How much of the claims' new life was over when the request was sent: zero but where a session lives less long
    /// than they should.
    public var age: Duration

    public init(gone: Set<Claim.ID> = [], asked: Set<Claim.ID> = [], age: Duration = .zero) {
        self.gone = gone
        self.asked = asked
        self.age = age
    }
}

/// What became of a `remove` or an `ask`.
public enum Removal: Sendable, Hashable {
    /// The claim was there.
    case removed
    /// The claim was not there: removed before, expired, or never placed.
    case absent
}

/// One claim as a listing shows it: one record per key of the claim.
public struct ClaimRecord: Sendable, Hashable {
    public var key: LockKey
    public var id: Claim.ID
    public var mode: LockMode
    public var owner: Owner
    /// `nil` while the claim waits.
    public var token: FencingToken?
    /// Since the claim was placed.
    public var age: Duration
    /// Until the claim expires, if it is not extended. Zero where only its owner's end can free it.
    public var remaining: Duration
    /// Whether an operator asked the owner to let go.
    public var isAsked: Bool
    /// What the owner says with it.
    public var note: ClaimNote

    /// Whether the claim is held; otherwise it waits.
    public var isHeld: Bool { token != nil }

    public init(
        key: LockKey, id: Claim.ID, mode: LockMode, owner: Owner, token: FencingToken?, age: Duration,
        remaining: Duration, isAsked: Bool = false, note: ClaimNote = .empty
    ) {
        self.key = key
        self.id = id
        self.mode = mode
        self.owner = owner
        self.token = token
        self.age = age
        self.remaining = remaining
        self.isAsked = isAsked
        self.note = note
    }
}
