#if Etcd
import Synchronization

/// Counts what is written, from any thread.
final class EtcdCounter: Sendable {
    private let counts = Mutex(EtcdCounts())

    var value: EtcdCounts { counts.withLock { $0 } }

    func add(_ change: (inout EtcdCounts) -> Void) { counts.withLock { change(&$0) } }
}
#endif
