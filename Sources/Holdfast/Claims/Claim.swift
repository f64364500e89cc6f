/// One owner's request for one or more keys: waiting, held, or gone.
public struct Claim: Sendable {
    /// The most keys that one claim may have.
    public static let keysLimit = 64

    /// One random number per client, then a counter: unique without a system call per claim.
    public struct ID: Sendable, Hashable {
        public let client: UInt64
        public let sequence: UInt64

        public init(client: UInt64, sequence: UInt64) {
            self.client = client
            self.sequence = sequence
        }
    }

    /// One key of a claim, and the mode in which it is wanted.
    public struct Part: Sendable, Hashable {
        public let key: LockKey
        public let mode: LockMode

        public init(_ key: LockKey, _ mode: LockMode = .exclusive) {
            self.key = key
            self.mode = mode
        }
    }

    /// A claim is passed on often, and kept by its client and its backend: one reference each.
    private final class Body: Sendable {
        let id: ID
        let parts: [Part]
        let timeToLive: Duration
        let owner: Owner
        let note: ClaimNote

        init(id: ID, parts: [Part], timeToLive: Duration, owner: Owner, note: ClaimNote) {
            self.id = id
            self.parts = parts
            self.timeToLive = timeToLive
            self.owner = owner
            self.note = note
        }
    }
    private let body: Body

    public var id: ID { body.id }
    /// Sorted by the keys' bytes, no key twice.
    public var parts: [Part] { body.parts }
    /// The claim expires when it was not extended for this long.
    public var timeToLive: Duration { body.timeToLive }
    public var owner: Owner { body.owner }
    /// What the owner says with it at first; see ``LockBackend/annotate(_:with:)``.
    public var note: ClaimNote { body.note }

    /// Makes a claim whose parts are placed together, at one point in the order.
    ///
    /// - Parameters:
    ///   - id: not used before.
    ///   - parts: 1 to 64, in any order, each key once.
    ///   - timeToLive: more than zero; the client checks its own, narrower bounds.
    ///   - owner: who claims, for people.
    ///   - note: what the owner says with it at first; nothing by default.
    /// - Throws: ``LockError/Code/invalidKey`` or ``LockError/Code/invalidArgument``.
    public init(id: ID, parts: [Part], timeToLive: Duration, owner: Owner, note: ClaimNote = .empty) throws(LockError) {
        guard !parts.isEmpty, parts.count <= Self.keysLimit else {
            throw LockError(.invalidArgument, "a claim has 1 to \(Self.keysLimit) keys; \(parts.count) were given")
        }
        guard timeToLive > .zero else {
            throw LockError(.invalidArgument, "a time to live must be longer than zero; \(timeToLive) was asked for")
        }
        for part in parts {
            try part.key.validate()
            try part.mode.validate()
        }
        let sorted = parts.count == 1 ? parts : parts.sorted { $0.key < $1.key }
        for (part, next) in zip(sorted, sorted.dropFirst()) where part.key == next.key {
            throw LockError(.invalidArgument, "a claim names each key once; \(part.key.text.debugDescription) is twice")
        }
        body = Body(id: id, parts: sorted, timeToLive: timeToLive, owner: owner, note: note)
    }
}

extension Claim {
    /// The key that names it for people: the first that is not there as the ancestor of another alone.
    package var key: LockKey { parts.mainKey ?? parts[0].key }
}

extension [Claim.Part] {
    /// As ``Claim/key``.
    package var mainKey: LockKey? { (first { !$0.mode.isIntention } ?? first)?.key }
}

extension Claim.ID {
    /// One word for the hasher: the sequence tells a client's claims apart, the random client the rest.
    public func hash(into hasher: inout Hasher) { hasher.combine(client ^ (sequence &* 0x9E37_79B9_7F4A_7C15)) }
}

extension Claim.ID: CustomStringConvertible, LosslessStringConvertible, Comparable {
    /// `<client>-<sequence>`, both in hexadecimal.
    public var description: String { String(client, radix: 16) + "-" + String(sequence, radix: 16) }

    public init?(_ description: String) {
        let halves = description.split(separator: "-", omittingEmptySubsequences: false)
        guard halves.count == 2, let client = UInt64(halves[0], radix: 16), let sequence = UInt64(halves[1], radix: 16)
        else { return nil }
        self.init(client: client, sequence: sequence)
    }

    public static func < (lhs: Claim.ID, rhs: Claim.ID) -> Bool {
        (lhs.client, lhs.sequence) < (rhs.client, rhs.sequence)
    }
}
