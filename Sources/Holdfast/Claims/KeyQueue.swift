/// One key's queue: the parts of claims on it, in the order of their placing.
///
/// A part is *clear* when no earlier claim on this key blocks it. Since permits count every earlier claim, held or
/// waiting, a writer blocks all behind it, and so does whoever waits on a path, the clear parts are always the first
/// ones: one boundary and three sums say what a walk over the queue would. A removal therefore costs what it clears,
/// whatever the length of the queue.
struct KeyQueue: Sendable {
    /// A place in a queue, linked to its neighbours by index in the table's store of nodes.
    struct Node: Sendable {
        let claim: Claim.ID
        let mode: LockMode
        var isClear: Bool
        var previous: Int32
        var next: Int32
    }

    /// No node.
    static let none: Int32 = -1

    var head = none
    var tail = none
    var firstBlocked = none
    private var clearCount: Int32 = 0
    /// Of permits, at most ``LockMode/permitsLimit``; of paths, a ``PathSum``.
    private var clearSum: Int64 = 0
    private var hasClearWriter = false

    var isEmpty: Bool { head == Self.none }

    /// Whether a part that stands right behind the clear ones would be clear too.
    func hasRoom(for mode: LockMode) -> Bool {
        switch mode {
        case .exclusive: clearCount == 0
        case .shared: !hasClearWriter
        case .permits(let count, let limit): Int(clearSum) + count <= limit
        case .path(let mode): PathSum(packed: clearSum).admits(mode)
        }
    }

    /// Whether a part that is placed now, at the end, is clear.
    func admits(_ mode: LockMode) -> Bool { firstBlocked == Self.none && hasRoom(for: mode) }

    mutating func count(_ mode: LockMode, by sign: Int32) {
        clearCount += sign
        switch mode {
        case .exclusive: hasClearWriter = sign > 0
        case .shared: break
        case .permits(let count, _): clearSum += Int64(sign) * Int64(count)
        case .path(let mode): clearSum += Int64(sign) * PathSum.weight(of: mode)
        }
    }
}
