#if ZooKeeper
import Synchronization

/// How many requests of each kind a session has sent.
final class RequestTally: Sendable {
    private let state = Mutex<[OpCode: Int]>([:])

    var counts: [OpCode: Int] { state.withLock { $0 } }

    func count(_ code: OpCode) { state.withLock { $0[code, default: 0] += 1 } }
}
#endif
