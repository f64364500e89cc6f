#if ZooKeeper
import Holdfast
import NIOCore

extension ZooKeeperHandler {
    /// One timer for everything: for the next time-out, for pings, for the server's silence.
    func look() {
        drain()
        guard let context = connection?.channel, let timeout else { return }
        let now = NIODeadline.now()
        for request in replies.expire(now: now) {
            request.settle(
                .failure(LockError(.unavailable, "\(place) did not answer in time; whether it was done is unknown")))
        }
        // A third of the session's time is left to find another server.
        let isSilent = heard + .nanoseconds(timeout.nanoseconds * 2 / 3) <= now
        if isSilent || replies.oldest.map({ $0 + bounds.silence <= now }) ?? false {
            end(LockError(.unavailable, "\(place) has not answered for too long: it hangs, or the network is cut"))
            return
        }
        if pings == 0, sent + .nanoseconds(timeout.nanoseconds / 3) <= now {
            // Through the outbox like all others, or it would change places with one of them.
            _ = connection?.enqueue(Request(.ping, deadline: now + timeout))
        }
        // Often enough to see what tasks have written themselves.
        let step = min(timeout.nanoseconds / 12, bounds.requestTimeout.nanoseconds / 4)
        let next = min(replies.nextDeadline ?? .distantFuture, now + .nanoseconds(step))
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: next) { self.look() }
    }
}

extension ZooKeeperFault {
    /// Behind which the server closes the connection, or another one is needed.
    var endsConnection: Bool {
        switch self {
        case .sessionExpired, .unknownSession, .sessionMoved, .sessionNeedsAuth, .authFailed, .notReadOnly: true
        default: false
        }
    }
}
#endif
