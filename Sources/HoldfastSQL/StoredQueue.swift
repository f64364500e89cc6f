package import Holdfast

/// A part beside another in its queue.
package struct StoredNeighbour: Sendable {
    package let place: Int64
    /// As in ``LockMode/stored``.
    package let kind: Int
    package let isClear: Bool

    /// As ``LockMode/isSummed``: whom it lets in follows from a sum, and not from it alone.
    package var isSummed: Bool { kind >= 2 }

    package init(place: Int64, kind: Int, isClear: Bool) {
        self.place = place
        self.kind = kind
        self.isClear = isClear
    }
}

/// A queue's row: the same sums and boundary as the pure table keeps, in a store.
package struct StoredQueue: Sendable, Equatable {
    /// The limit of a semaphore, or ``LockMode/pathLimit``; 0 where the key is locked exclusively or shared.
    package let permitLimit: Int
    package var clearCount: Int
    /// Of permits, their sum; of paths, a ``PathSum``.
    package var clearPermits: Int
    package var hasClearWriter: Bool
    package var blocked: Int
    /// The place of the last part that was cleared: the blocked ones are behind it.
    package var boundary: Int64

    package init(for mode: LockMode) {
        permitLimit = mode.stored.limit
        clearCount = 0
        clearPermits = 0
        hasClearWriter = false
        blocked = 0
        boundary = 0
    }

    package init(
        permitLimit: Int, clearCount: Int, clearPermits: Int, hasClearWriter: Bool, blocked: Int, boundary: Int64
    ) {
        self.permitLimit = permitLimit
        self.clearCount = clearCount
        self.clearPermits = clearPermits
        self.hasClearWriter = hasClearWriter
        self.blocked = blocked
        self.boundary = boundary
    }

    /// What stands behind a part: for exclusive and shared claims, whom it lets in follows from that part alone.
    package init(behind part: StoredNeighbour?) {
        permitLimit = 0
        clearCount = part?.isClear == true ? 1 : 0
        clearPermits = 0
        hasClearWriter = part?.isClear == true && part?.kind == 0
        blocked = part?.isClear == false ? 1 : 0
        boundary = part?.place ?? 0
    }

    /// Whether it has a row of its own.
    package var isKept: Bool { permitLimit != 0 }

    package var isEmpty: Bool { clearCount == 0 && blocked == 0 }

    package func check(_ part: Claim.Part) throws(LockError) {
        guard part.mode.stored.limit != permitLimit else { return }
        let use =
            switch permitLimit {
            case 0: "an exclusive or shared lock"
            case LockMode.pathLimit: "paths"
            default: "permits of \(permitLimit)"
            }
        throw LockError(
            .modeConflict,
            "\(part.mode) was asked for where the key is in use for \(use); use one mode family and one limit",
            key: part.key)
    }

    /// Whether a part that stands right behind the clear ones would be clear too.
    package func hasRoom(for mode: LockMode) -> Bool {
        switch mode {
        case .exclusive: clearCount == 0
        case .shared: !hasClearWriter
        case .permits(let count, let limit): clearPermits + count <= limit
        case .path(let mode): PathSum(packed: Int64(clearPermits)).admits(mode)
        }
    }

    package func admits(_ mode: LockMode) -> Bool { blocked == 0 && hasRoom(for: mode) }

    /// Whether a part would be clear, and may stand here at all.
    package func welcomes(_ part: Claim.Part) -> Bool {
        part.mode.stored.limit == permitLimit && admits(part.mode)
    }

    package mutating func add(_ mode: LockMode, at place: Int64, isClear: Bool) {
        guard isClear else {
            blocked += 1
            return
        }
        count(mode, by: 1)
        boundary = place
    }

    package mutating func drop(_ mode: LockMode, wasClear: Bool) {
        if wasClear { count(mode, by: -1) } else { blocked -= 1 }
    }

    package mutating func clear(_ mode: LockMode, at place: Int64) {
        blocked -= 1
        count(mode, by: 1)
        boundary = place
    }

    private mutating func count(_ mode: LockMode, by sign: Int) {
        clearCount += sign
        switch mode {
        case .exclusive: hasClearWriter = sign > 0
        case .shared: break
        case .permits(let count, _): clearPermits += sign * count
        case .path(let mode): clearPermits += sign * Int(PathSum.weight(of: mode))
        }
    }
}
