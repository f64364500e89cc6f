#if ZooKeeper
import Holdfast

/// This client's claims that wait for one lock, in their order there.
///
/// Claims come clear in order, so that only the oldest has to be looked after.
struct Line {
    struct Place: Comparable {
        let sequence: Int64
        let id: Claim.ID
        /// How many had joined any line before: an older listing knows nothing of it.
        let joined: UInt64

        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.sequence, lhs.id) < (rhs.sequence, rhs.id) }
    }

    private(set) var places: [Place] = []
    /// Rung where its follower has something to do.
    let bell = Bell()
    /// Whose turn it was when the queue was listed last.
    var listedFor: Claim.ID?

    mutating func join(_ place: Place) {
        let index = places.lastIndex { $0 < place }.map { $0 + 1 } ?? 0
        places.insert(place, at: index)
    }

    mutating func leave(_ id: Claim.ID) { places.removeAll { $0.id == id } }
}
#endif
