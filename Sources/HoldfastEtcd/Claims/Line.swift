#if Etcd
import Holdfast

/// This client's claims that wait for one lock, in their order there.
///
/// Claims come clear in order, so that only the oldest has to be looked after.
struct Line {
    struct Place: Comparable {
        let revision: Int64
        let id: Claim.ID

        static func < (lhs: Self, rhs: Self) -> Bool { (lhs.revision, lhs.id) < (rhs.revision, rhs.id) }
    }

    /// A place that comes clear with the leaving of another.
    struct Heir {
        let place: Place
        let stem: [UInt8]
        let key: [UInt8]
    }

    private(set) var places: [Place] = []
    /// Rung where its follower has something to do.
    let bell = Bell()
    /// The oldest stands further behind than a usual read goes.
    var needsWhole = false

    mutating func join(_ place: Place) { places.insert(place, at: position(of: place)) }

    mutating func leave(_ place: Place) {
        let position = position(of: place)
        if position < places.count, places[position] == place { places.remove(at: position) }
    }

    private func position(of place: Place) -> Int {
        var (low, high) = (0, places.count)
        while low < high {
            let middle = (low + high) / 2
            if places[middle] < place { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

/// What is asked of the store for one line.
struct LineQuestion {
    let stem: [UInt8]
    let target: Line.Place
    /// Whether only the claim before the target is asked for: enough where all before it must go.
    let isTail: Bool
    let request: Etcdserverpb_RangeRequest
}
#endif
