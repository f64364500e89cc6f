#if ZooKeeper
import Holdfast

/// How a session is.
enum SessionState: Sendable {
    /// No server has been reached yet.
    case connecting
    case connected
    /// Between two servers. The ensemble counts the session's time meanwhile.
    case disconnected
    /// For ever: its ephemeral nodes are gone.
    case expired
    /// For ever: the servers refused the credentials, or this client.
    case refused(LockError)
    /// For ever: ended by its owner.
    case closed

    /// Whether it will never be connected again.
    var isFinal: Bool {
        switch self {
        case .connecting, .connected, .disconnected: false
        case .expired, .refused, .closed: true
        }
    }

    var isConnected: Bool {
        if case .connected = self { true } else { false }
    }
}
#endif
