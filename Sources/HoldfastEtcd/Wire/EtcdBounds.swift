#if Etcd
import Holdfast
import NIOCore

/// What a link allows itself and the server.
struct EtcdBounds: Sendable {
    /// A request that is not answered by then, repeats included, has failed, with its outcome unknown.
    var requestTimeout = Duration.seconds(2)
    /// From the first packet until the server has said its settings.
    var connectTimeout = Duration.seconds(2)
    /// Nothing heard for so long while an answer is owed: the server is asked whether it lives.
    var quiet = Duration.seconds(1)
    /// The same while nothing is owed, and the least time between two such questions where the server has said nothing
    /// else. Servers forbid less than 5 s (`--grpc-keepalive-min-time`).
    var idle = Duration.seconds(6)
    /// A server that does not answer the question for so long is gone.
    var pingTimeout = Duration.seconds(2)
    /// A member that lives and answers no request for so long is left, where there is another.
    var silence = Duration.seconds(4)
    /// The first wait after a connection failed; it doubles.
    var firstBackoff = Duration.milliseconds(50)
    /// The longest wait between two attempts.
    var lastBackoff = Duration.seconds(2)
    /// A connection that lived so long begins the backoff anew.
    var settled = Duration.seconds(1)
    /// The wait before a request that the server refused is sent again.
    var retryPause = Duration.milliseconds(50)
    /// A token that came within this time is not over.
    var freshToken = Duration.seconds(10)
    /// Requests that wait for their answers on one connection, or for a connection.
    var pendingRequests = 65_536
    /// Requests that one connection has given to the server and that are not answered.
    var streams = 1_000
    /// What one message may be.
    var messageBytes = 16 * 1_048_576
    /// Answers that wait for the reader of one watch.
    var watchBacklog = 4_096
    /// Watches of one link.
    var watches = 65_536
    /// A connection ends when it has used so many stream numbers, and the next begins anew.
    var streamNumbers = Int32.max - 2_048
    /// PINGs of the server within 30 s: it sends about one per round trip.
    var serverPings = 1_000_000

    /// Streams that the server may break off, and other oddities of it, within 30 s.
    var serverGlitches = 100_000
    /// Of the headers of one answer.
    var headerBytes = 16_384

    init() {}

    init(_ configuration: EtcdConfiguration) {
        requestTimeout = configuration.requestTimeout
        connectTimeout = configuration.connectTimeout
        silence = requestTimeout * 2
        quiet = requestTimeout / 2
    }

    var tooManyRequests: LockError {
        LockError(
            .limitExceeded, "\(pendingRequests) requests wait for etcd already: the server or the network is too slow")
    }
}
#endif
