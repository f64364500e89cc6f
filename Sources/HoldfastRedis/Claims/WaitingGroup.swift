#if Redis
import Holdfast

/// This client's waiting claims on the same keys, oldest first: one look serves them all.
struct WaitingGroup {
    /// Left claims are swept when they outnumber the waiting ones by this much.
    private static let sweepFloor = 64

    /// Some of these wait no more.
    private var ids: [Claim.ID] = []
    private var head = 0
    private(set) var count = 0
    /// When the next look is due; `nil` while one is under way.
    var nextLook: Duration?
    /// Whether something happened during the look that is under way.
    var isHurried = false

    mutating func add(_ id: Claim.ID) {
        ids.append(id)
        count += 1
    }

    /// One of its claims waits no more.
    mutating func leave(isWaiting: (Claim.ID) -> Bool) {
        count -= 1
        guard ids.count > 2 * count + Self.sweepFloor else { return }
        ids = ids[head...].filter(isWaiting)
        head = 0
    }

    mutating func oldest(_ limit: Int, isWaiting: (Claim.ID) -> Bool) -> [Claim.ID] {
        while head < ids.count, !isWaiting(ids[head]) { head += 1 }
        return Array(ids[head...].lazy.filter(isWaiting).prefix(limit))
    }
}
#endif
