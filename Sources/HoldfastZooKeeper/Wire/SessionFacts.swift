#if ZooKeeper
import Synchronization

/// What a session knows of itself.
final class SessionFacts: Sendable {
    private struct Facts {
        var state = SessionState.connecting
        var id: Int64 = 0
        var password = [UInt8](repeating: 0, count: 16)
        var timeout: Duration
        var connections = 0
    }
    private let facts: Mutex<Facts>
    private let publisher: AsyncStream<SessionState>.Continuation
    let changes: AsyncStream<SessionState>

    init(timeout: Duration, bounds: ZooKeeperBounds) {
        facts = Mutex(Facts(timeout: timeout))
        (changes, publisher) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(bounds.unreadChanges))
    }

    var state: SessionState { facts.withLock(\.state) }
    var id: Int64 { facts.withLock(\.id) }
    var timeout: Duration { facts.withLock(\.timeout) }
    var connections: Int { facts.withLock(\.connections) }

    /// What to say to the next server.
    func request(_ mark: ZxidMark, asking timeout: Duration) -> ConnectRequest {
        facts.withLock {
            ConnectRequest(lastZxid: mark.value, timeout: timeout, id: $0.id, password: $0.password)
        }
    }

    func connected(_ response: ConnectResponse) {
        facts.withLock { facts in
            facts.id = response.id
            facts.password = response.password
            facts.timeout = response.timeout
            facts.connections += 1
        }
        change(.connected)
    }

    func change(_ state: SessionState) {
        facts.withLock { $0.state = state }
        publisher.yield(state)
        if state.isFinal { publisher.finish() }
    }
}
#endif
