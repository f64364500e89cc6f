/// What a backend can and cannot promise. What it cannot do is an error at the door, never a silent weakening.
public struct BackendCapabilities: Sendable, Hashable {
    /// How far exclusion and tokens hold when machines fail.
    public enum Guarantee: String, Sendable, Hashable, Codable {
        /// An ensemble agrees on every step.
        case consensus
        /// Exclusion holds while one node keeps its state.
        case singleAuthority = "single authority"
        /// Exclusion holds while fewer than a bound of nodes lose state or step their clocks.
        case quorumTimed = "quorum, timed"
        /// Exclusion holds while no failover loses an acknowledged write.
        case bestEffort = "best effort"
    }

    /// What ends a claim whose owner is gone.
    public enum Expiry: String, Sendable, Hashable, Codable {
        /// Its own time to live, also where the owner's process still has a connection.
        case timeToLive = "time to live"
        /// The end of its owner's session: an orphan lives as long as the session does.
        case session
    }

    /// The kind of store: `memory`, `sqlite`, …; a label in metrics.
    public var name: String
    public var guarantee: Guarantee
    public var expiry: Expiry
    public var supportsShared: Bool
    public var supportsPermits: Bool
    /// Whether there are the modes of paths (``LockPath``): intentions, upgradeable.
    public var supportsPaths: Bool
    /// The most keys in one atomic claim; 1 where there is no atomic claim over several.
    public var keysPerClaimLimit: Int
    /// Whether waiters are served in the order of their placing.
    public var isFIFO: Bool
    /// Whether `claims(withPrefix:limit:)` answers.
    public var supportsListing: Bool
    /// Whether a claim carries a note: what elections and the detection of deadlocks need.
    public var supportsNotes: Bool
    /// Whether there are versioned records beside the claims.
    public var supportsRecords: Bool
    public var shortestTimeToLive: Duration
    public var longestTimeToLive: Duration
    /// What else this server can be asked for, where it is not this: stands behind each refusal.
    public var remedy: String?

    public init(
        name: String, guarantee: Guarantee, expiry: Expiry, supportsShared: Bool = true, supportsPermits: Bool = true,
        keysPerClaimLimit: Int = Claim.keysLimit, isFIFO: Bool = true, supportsListing: Bool = true,
        supportsNotes: Bool = false, supportsRecords: Bool = false, supportsPaths: Bool = false,
        shortestTimeToLive: Duration = .seconds(1), longestTimeToLive: Duration = .seconds(7 * 24 * 3600),
        remedy: String? = nil
    ) {
        self.name = name
        self.guarantee = guarantee
        self.expiry = expiry
        self.supportsShared = supportsShared
        self.supportsPermits = supportsPermits
        self.supportsPaths = supportsPaths
        self.keysPerClaimLimit = keysPerClaimLimit
        self.isFIFO = isFIFO
        self.supportsListing = supportsListing
        self.supportsNotes = supportsNotes
        self.supportsRecords = supportsRecords
        self.shortestTimeToLive = shortestTimeToLive
        self.longestTimeToLive = longestTimeToLive
        self.remedy = remedy
    }

    /// Whether claims can say what their owners wait for, and be read.
    var notesWaits: Bool { supportsNotes && supportsListing }

    /// Whether deadlocks are found: by what claims say, or by records.
    package var findsDeadlocks: Bool { notesWaits || supportsRecords }

    /// The error of what this backend cannot do.
    ///
    /// - Parameter what: follows the backend's name: `cannot list its claims`.
    package func unsupported(_ what: String, key: LockKey? = nil) -> LockError {
        LockError(.unsupported, "\(name) \(what)" + (remedy.map { "; \($0)" } ?? ""), key: key)
    }

    /// The door: throws ``LockError/Code/unsupported`` for what this backend cannot keep.
    package func admit(_ claim: Claim) throws(LockError) {
        // Before the number of keys: a path has one for each of its ancestors, too.
        for part in claim.parts {
            switch part.mode {
            case .exclusive: continue
            case .shared where supportsShared: continue
            case .permits where supportsPermits: continue
            case .path where supportsPaths: continue
            case .path: throw unsupported("has no locks on paths", key: claim.key)
            default: throw unsupported("has no \(part.mode) locks", key: part.key)
            }
        }
        guard claim.parts.count <= keysPerClaimLimit else {
            throw unsupported("takes at most \(keysPerClaimLimit) keys in one claim, not \(claim.parts.count)")
        }
        guard claim.timeToLive >= shortestTimeToLive, claim.timeToLive <= longestTimeToLive else {
            throw LockError(
                .invalidArgument,
                "a time to live on \(name) is \(shortestTimeToLive) to \(longestTimeToLive), not \(claim.timeToLive)")
        }
        guard claim.note == .empty || supportsNotes else {
            throw unsupported("keeps no notes with its claims")
        }
    }
}
