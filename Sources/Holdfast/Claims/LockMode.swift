/// How a claim wants a key.
public enum LockMode: Sendable, Hashable {
    /// Alone: every other claim on the key waits.
    case exclusive
    /// Together with other readers. A reader queues behind an earlier waiting writer.
    case shared
    /// `count` of `limit` permits: a semaphore. All claims on one key must name the same limit, and no other mode.
    case permits(_ count: Int, of: Int)
    /// As a part of a path, or of a claim below it (``LockPath``). All claims on one key are of paths, or none is.
    case path(PathMode)

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

    /// Whether claims of the two modes may stand on one key at all. Permits are a family of their own per limit,
    /// and paths are one, so that a plain lock on a path's text is an error and no hole.
    package func mayMeet(_ other: LockMode) -> Bool {
        switch (self, other) {
        case (.permits(_, let mine), .permits(_, let theirs)): mine == theirs
        case (.path, .path): true
        case (.permits, _), (_, .permits), (.path, _), (_, .path): false
        default: true
        }
    }

    /// Whether a later claim of mode `self` waits while `earlier` lives.
    ///
    /// For permits two claims alone say too little: there the earlier claims' sum decides (``KeyQueue``). For paths
    /// the claims before must not block each other either: nobody is clear behind one that waits.
    package func isBlocked(by earlier: LockMode) -> Bool {
        switch (self, earlier) {
        case (.shared, .shared): false
        case (.permits(let mine, let limit), .permits(let theirs, _)): mine + theirs > limit
        case (.path(let mine), .path(let theirs)): !mine.mayHold(behind: theirs)
        default: true
        }
    }
}

extension LockMode {
    /// Whether it keeps out nobody who only reads, and is itself of one who only reads.
    package var isReader: Bool { [.shared, .path(.shared), .path(.intentionShared)].contains(self) }

    /// Whether nobody else holds the key meanwhile.
    package var isExclusive: Bool { self == .exclusive || self == .path(.exclusive) }

    /// Whether it stands on an ancestor of what is locked.
    package var isIntention: Bool { if case .path(let mode) = self { mode.isIntention } else { false } }

    /// Which of a queue's modes of paths, by index, are one of two of which the later may not hold behind the earlier.
    package static func excluding(_ modes: [LockMode]) -> [Int] {
        var found: Set<Int> = []
        var seen: [LockMode: [Int]] = [:]
        for (index, mode) in modes.enumerated() {
            for (earlier, indices) in seen where mode.isBlocked(by: earlier) {
                found.insert(index)
                found.formUnion(indices)
                // They are known, and further ones of their kind come to be known by themselves.
                seen[earlier] = [indices[0]]
            }
            seen[mode, default: []].append(index)
        }
        return found.sorted()
    }

    /// Whether one waiting claim keeps all others behind it from being held, whatever their modes: a boundary and a
    /// sum are then needed to say who is clear. For exclusive and shared claims a neighbour says it.
    package var isSummed: Bool {
        switch self {
        case .exclusive, .shared: false
        case .permits, .path: true
        }
    }
}

extension LockMode: CustomStringConvertible {
    /// `exclusive`, `shared`, `permits 2/10` or `path upgradeable`.
    public var description: String {
        switch self {
        case .exclusive: "exclusive"
        case .shared: "shared"
        case .permits(let count, let limit): "permits \(count)/\(limit)"
        case .path(let mode): "path \(mode)"
        }
    }
}
