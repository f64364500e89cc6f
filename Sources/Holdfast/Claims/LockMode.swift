/// How a claim wants a key.
public enum LockMode: Sendable, Hashable {
    /// Alone: every other claim on the key waits.
    case exclusive
    /// Together with other readers. A reader queues behind an earlier waiting writer.
    case shared
    /// `count` of `limit` permits: a semaphore. All claims on one key must name the same limit, and no other mode.
    case permits(_ count: Int, of: Int)

    /// The largest limit of a semaphore.
    public static let permitsLimit = 1_000_000

    package func validate() throws(LockError) {
        guard case .permits(let count, let limit) = self else { return }
        guard limit >= 1, limit <= Self.permitsLimit else {
            throw LockError(
                .invalidArgument, "a semaphore's limit is 1 to \(Self.permitsLimit); \(limit) was asked for")
        }
        guard count >= 1, count <= limit else {
            throw LockError(.invalidArgument, "permits are 1 to the limit; \(count) of \(limit) were asked for")
        }
    }

    /// Whether claims of the two modes may stand on one key at all. Permits are a family of their own per limit.
    package func mayMeet(_ other: LockMode) -> Bool {
        switch (self, other) {
        case (.permits(_, let mine), .permits(_, let theirs)): mine == theirs
        case (.permits, _), (_, .permits): false
        default: true
        }
    }

    /// Whether a later claim of mode `self` waits while `earlier` lives.
    ///
    /// For permits two claims alone say too little: there the earlier claims' sum decides (``KeyQueue``).
    package func isBlocked(by earlier: LockMode) -> Bool {
        switch (self, earlier) {
        case (.shared, .shared): false
        case (.permits(let mine, let limit), .permits(let theirs, _)): mine + theirs > limit
        default: true
        }
    }
}

extension LockMode: CustomStringConvertible {
    /// `exclusive`, `shared` or `permits 2/10`.
    public var description: String {
        switch self {
        case .exclusive: "exclusive"
        case .shared: "shared"
        case .permits(let count, let limit): "permits \(count)/\(limit)"
        }
    }
}
