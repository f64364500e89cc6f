#if Etcd
import Holdfast
import NIOCore
import NIOHTTP2

/// Time.
extension GRPCHandler {
    /// One timer for everything: time-outs, given-up calls, and whether the server lives.
    func look() {
        drain()
        guard let context else { return }
        let now = NIODeadline.now()
        let next = expire(now)
        expireQueued(now)
        for exchange in exchanges.values {
            guard case .stream(let stream) = exchange.kind, let reason = stream.receiver.look(now, on: stream) else {
                continue
            }
            perform(.close(stream))
            stream.receiver.ended(stream, reason)
        }
        beginQueued()
        if answered > 0 { connection?.answered(answered) }
        answered = 0
        if let reason = trouble(now) { return end(reason) }
        if isRetired, calls == 0 || retiredAt + TimeAmount(bounds.requestTimeout) <= now {
            return end(LockError(.unavailable, "the connection to \(setup.place) was left"))
        }
        context.flush()
        let regular = now + TimeAmount(min(bounds.requestTimeout, bounds.quiet, bounds.idle) / 4)
        timer = context.eventLoop.assumeIsolated().scheduleTask(deadline: min(next ?? regular, regular)) {
            self.look()
        }
    }

    /// Ends calls whose time is over or whose caller has gone.
    ///
    /// - Returns: when the next one's time is over.
    private func expire(_ now: NIODeadline) -> NIODeadline? {
        var next: NIODeadline?
        for (number, exchange) in exchanges {
            guard case .call(let call) = exchange.kind else { continue }
            let isOver = call.deadline <= now
            guard isOver || call.waiter.isSettled else {
                next = min(next ?? call.deadline, call.deadline)
                continue
            }
            exchanges[number] = nil
            calls -= 1
            write(.rstStream(.cancel), number)
            if isOver { hasTimedOut = true }
            settle(call, .failure(late))
        }
        return next
    }

    private func expireQueued(_ now: NIODeadline) {
        while let first = queued.first, first.deadline <= now || first.waiter.isSettled {
            queued.removeFirst()
            settle(first, .failure(late))
        }
    }

    private var late: LockError {
        LockError(.unavailable, "\(setup.place) did not answer in time; whether it was done is unknown")
    }

    /// Asks a server that has been silent for too long whether it lives.
    ///
    /// - Returns: why the connection must end.
    private func trouble(_ now: NIODeadline) -> LockError? {
        if let asked {
            if asked + TimeAmount(bounds.pingTimeout) <= now, heard <= asked {
                return LockError(
                    .unavailable, "\(setup.place) has not answered for too long: it hangs, or the network is cut")
            }
            if heard > asked { self.asked = nil }
        }
        if setup.hasAlternatives, hasTimedOut, lastAnswer + TimeAmount(bounds.silence) <= now, !isRetired {
            return LockError(.unavailable, "\(setup.place) lives, and answers no request: trying another member")
        }
        // Without a stream, servers take questions amiss.
        guard asked == nil, !exchanges.isEmpty, isReady else { return nil }
        let patience = calls > 0 ? bounds.quiet : bounds.idle
        if heard + TimeAmount(patience) <= now, hasSpoken || lastAsked + TimeAmount(bounds.idle) <= now {
            asked = now
            lastAsked = now
            hasSpoken = false
            write(.ping(HTTP2PingData(withInteger: 0), ack: false), .rootStream)
        }
        return nil
    }
}
#endif
