public import Holdfast

/// What clients asked for and believed, and what a backend did, in the order in which it happened.
public struct HistoryEvent: Sendable {
    /// One call that takes a lock, from its invocation to the end of its hold.
    public typealias Operation = Int

    public enum Kind: Sendable {
        // Seen by clients.
        case invoke(Operation, client: String, parts: [Claim.Part])
        /// The lock is held, until `deadline` if nothing extends it.
        case ok(Operation, claim: Claim.ID, token: FencingToken, deadline: Duration)
        /// Definitely not held, now or later.
        case fail(Operation, reason: String)
        /// Unknown: it may be held, now or later, until its life is over.
        case info(Operation, reason: String)
        /// What the holder believes just now.
        case observed(Operation, isHeld: Bool, token: FencingToken, deadline: Duration)
        case releasing(Operation)
        /// The release returned: confirmed, or not known.
        case released(Operation, isConfirmed: Bool)
        case lost(Operation, reason: String)
        /// The client was killed: from here on it believes nothing.
        case crashed(client: String)
        /// Somebody removed the claim by force, so that two may believe in it for a while.
        case broken(Claim.ID)

        // Seen at a backend.
        case placed(Claim.ID, parts: [Claim.Part])
        case granted(Claim.ID, token: FencingToken)
        /// The claim was removed, or expired.
        case gone(Claim.ID)
        /// A verb that ends or prolongs claims, with all of the backend's claims before it and after it.
        case verb(Verb, before: [ClaimState], after: [ClaimState])

        /// All clients have ended, and every life is over: what is left over.
        case quiesced(claims: [String], waiters: Int)
    }

    public enum Verb: Sendable, Hashable {
        case place(Claim.ID)
        case extend([Claim.ID])
        case remove(Claim.ID)
    }

    public let index: Int
    /// On one clock for all clients.
    public let time: Duration
    public let kind: Kind
}

/// One claim on one key, as a listing shows it.
public struct ClaimState: Sendable, Hashable, CustomStringConvertible {
    public var key: LockKey
    public var id: Claim.ID
    public var mode: LockMode
    /// `nil` while it waits.
    public var token: FencingToken?

    public init(key: LockKey, id: Claim.ID, mode: LockMode, token: FencingToken?) {
        self.key = key
        self.id = id
        self.mode = mode
        self.token = token
    }

    public init(_ record: ClaimRecord) {
        self.init(key: record.key, id: record.id, mode: record.mode, token: record.token)
    }

    public var description: String {
        "\(key.text.debugDescription) \(mode) \(id) \(token.map { "held, token \($0)" } ?? "waiting")"
    }
}

/// A rule that a history breaks.
public struct Violation: Sendable, Hashable, CustomStringConvertible {
    /// `I1` to `I11`.
    public let invariant: String
    public let text: String

    public init(_ invariant: String, _ text: String) {
        self.invariant = invariant
        self.text = text
    }

    public var description: String { "\(invariant): \(text)" }
}
