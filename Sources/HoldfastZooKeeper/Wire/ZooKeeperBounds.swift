#if ZooKeeper
import Holdfast
import NIOCore

/// What a session allows itself and the servers.
struct ZooKeeperBounds: Sendable {
    /// A request that is not answered by then has failed, with its outcome unknown.
    var requestTimeout = TimeAmount.seconds(3)
    /// A connection that owes an answer for so long is left for another server.
    var silence = TimeAmount.seconds(6)
    /// From the first packet to the greeting's end, for one server.
    var connectTimeout = TimeAmount.seconds(2)
    /// What a server has at least, however short the session and however many the servers.
    var leastConnectTimeout = TimeAmount.milliseconds(250)
    /// How long the end of a session may take, so that its nodes vanish at once.
    var farewell = TimeAmount.seconds(1)
    /// The first wait after every server was tried in vain; it doubles.
    var firstBackoff = Duration.milliseconds(50)
    /// The longest wait between two rounds.
    var lastBackoff = Duration.seconds(2)
    /// A connection that lived so long begins the backoff anew.
    var settled = Duration.seconds(1)
    /// Requests that wait for their answers, or for a connection.
    var pendingRequests = 131_072
    /// What a server takes: its `jute.maxbuffer`, by default.
    var requestBytes = 0xFFFFF
    /// What one answer may be: a listing of some hundred thousand children.
    var replyBytes = 16 * 1_048_576
    /// State changes that nobody has read yet.
    var unreadChanges = 64

    init() {}

    init(_ configuration: ZooKeeperConfiguration) {
        requestTimeout = TimeAmount(configuration.requestTimeout)
        silence = requestTimeout * 2
        connectTimeout = TimeAmount(configuration.connectTimeout)
    }

    var tooManyRequests: LockError {
        LockError(
            .limitExceeded,
            "\(pendingRequests) requests wait for ZooKeeper already: the servers or the network are too slow")
    }

    func tooLarge(_ bytes: Int) -> LockError {
        LockError(
            .limitExceeded, "a request of \(bytes) bytes is more than ZooKeeper takes (\(requestBytes)): use fewer keys"
        )
    }
}
#endif
