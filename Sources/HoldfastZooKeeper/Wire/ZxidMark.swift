#if ZooKeeper
import Synchronization

/// The last transaction that a session has heard of: no server may show it less.
final class ZxidMark: Sendable {
    private let mark = Atomic<Int64>(0)

    var value: Int64 { mark.load(ordering: .acquiring) }

    func raise(to zxid: Int64) {
        // Servers say -1 or 0 where they mean none.
        if zxid > mark.load(ordering: .relaxed) { mark.max(zxid, ordering: .acquiringAndReleasing) }
    }
}
#endif
