#if Redis
import Holdfast
import NIOCore

/// What a link allows itself and the server.
struct LinkBounds: Sendable {
    /// A request that is not answered by then has failed, with its outcome unknown.
    var requestTimeout = TimeAmount.seconds(2)
    /// A connection that owes an answer for so long is closed.
    var silence = TimeAmount.seconds(4)
    /// A connection without traffic is asked whether it lives.
    var idle = TimeAmount.seconds(5)
    /// From the first packet to the greeting's end.
    var connectTimeout = TimeAmount.seconds(2)
    /// The first wait after a connection failed; it doubles.
    var firstBackoff = Duration.milliseconds(50)
    /// The longest wait between two attempts.
    var lastBackoff = Duration.seconds(2)
    /// A connection that lived so long begins the backoff anew.
    var settled = Duration.seconds(1)
    /// Requests that wait for their answers on one connection, or for a connection.
    var pendingRequests = 131_072
    /// What one reply may be.
    var parser = RESPParser.Bounds()

    init() {}

    init(_ configuration: RedisConfiguration) {
        var timeout = configuration.requestTimeout
        // The server answers WAIT only then.
        if case .replicas(_, let within) = configuration.durability { timeout += within }
        requestTimeout = TimeAmount(timeout)
        silence = requestTimeout * 2
        connectTimeout = TimeAmount(configuration.connectTimeout)
    }

    var tooManyRequests: LockError {
        LockError(
            .limitExceeded, "\(pendingRequests) requests wait for Redis already: the server or the network is too slow")
    }
}
#endif
