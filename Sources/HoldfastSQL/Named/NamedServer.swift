package import Holdfast

/// A database whose locks have names, and belong to the session that took them.
package protocol NamedServer: Sendable, CustomStringConvertible {
    var bounds: NamedBounds { get }

    /// Opens a session; refuses what stands between it and the server.
    ///
    /// - Parameters:
    ///   - seconds: the server ends a session that was silent for so long.
    ///   - role: the one for orders sees to it that tokens can be drawn.
    func open(keptFor seconds: Int, _ role: NamedRole) async throws(LockError) -> any NamedWire
}

/// What a session is for.
package enum NamedRole: Sendable {
    /// Orders to the server about the other sessions.
    case control
    /// Locks.
    case holder
}

/// One session with a database, used on the loop's thread alone.
///
/// Engine and wire are no generics: across modules they would not be specialized, and cost more than the server does.
package protocol NamedWire: AnyObject, Sendable {
    /// What the server knows a key's lock by: equal for keys that share one.
    func name(of key: LockKey) throws(LockError) -> String

    /// Sends a batch in one request. Calls `done` on the loop's thread.
    ///
    /// - Parameter limit: `nil` for one that may wait for ever; else the session is over where no answer comes.
    func send(
        _ batch: NamedBatch, within limit: Duration?,
        _ done: @escaping @Sendable (Result<NamedBatch.Outcome, LockError>) -> Void)

    /// The order to the server to break off what this session waits for; it may come late, and hit what comes next.
    var interruption: String { get }

    /// The order to the server to end this session.
    var termination: String { get }

    /// Gives the server orders about other sessions. Calls `done` on the loop's thread, whatever came of them.
    func order(_ orders: [String], within limit: Duration, _ done: @escaping @Sendable () -> Void)

    /// `body` is called on the loop's thread when the session has ended, and why.
    func onEnd(_ body: @escaping @Sendable (LockError) -> Void)

    /// Ends the session, and with it its locks.
    func end(_ reason: LockError?)
}

extension NamedWire {
    /// The same, for a task on the loop's thread.
    func order(_ orders: [String], within limit: Duration) async {
        await withCheckedContinuation { waiter in order(orders, within: limit) { waiter.resume() } }
    }
}

/// What the client of a server allows itself, by name.
package struct NamedBounds: Sendable {
    /// The most sessions.
    package var connections: Int
    /// A request is answered within this time, or its outcome is unknown.
    package var requestTimeout: Duration
    /// Callers that wait for a session.
    package var waitersLimit = 100_000
    /// Names in one request.
    package var namesPerRequest = 256
    /// How often keys are tried that no session is left to wait for.
    package var pollInterval: Duration = .milliseconds(100)
    /// A wait that an order has not broken off is ordered to end again after so long.
    package var interruptPause: Duration = .milliseconds(20)
    /// Attempts of a request that the server breaks off for another's sake.
    package var attemptsLimit = 6
    /// Between two attempts to connect, doubling.
    package var firstBackoff: Duration = .milliseconds(100)
    package var lastBackoff: Duration = .seconds(5)

    package init(connections: Int, requestTimeout: Duration) {
        self.connections = connections
        self.requestTimeout = requestTimeout
    }

    /// How long to wait before another attempt to connect, with jitter.
    func backoff(_ failures: Int) -> Duration {
        min(lastBackoff, firstBackoff * (1 << min(failures, 16))) * Double.random(in: 0.5...1)
    }
}

/// What a server says of a request that it refused, as far as it makes a difference.
package struct NamedFault: Error, Sendable {
    /// What a caller hears.
    package let error: LockError
    /// The same request may go through when it is sent again.
    package let isTransient: Bool
    /// Somebody broke it off.
    package let isInterrupted: Bool
    /// What tokens are drawn from is not there.
    package let isMissing: Bool
    /// Chosen to break a circle of waits.
    package let isDeadlock: Bool

    package init(
        _ error: LockError, isTransient: Bool = false, isInterrupted: Bool = false, isMissing: Bool = false,
        isDeadlock: Bool = false
    ) {
        self.error = error
        self.isTransient = isTransient
        self.isInterrupted = isInterrupted
        self.isMissing = isMissing
        self.isDeadlock = isDeadlock
    }
}
