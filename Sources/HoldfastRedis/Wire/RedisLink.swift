#if Redis
import Holdfast
import Logging
import NIOCore

import Synchronization

// For the claims:
// - RedisLink takes a RedisConfiguration itself; there is no other address type.
// - Construct RedisCommand("SET", …), or encode what is constant once: RedisCommand.Prefix("EVALSHA", sha, "2") and
//   RedisCommand(prefix, count: 5) { $0.append(key); $0.append(1_000 as Int64) } (or RedisCommand(prefix, [texts])).
// - send(command) throws what the server says about itself (ServerFault); other errors (NOSCRIPT, WRONGTYPE, a script's
//   own) come back as .error(text). ServerFault.anyError(for:) makes a LockError of any of them.
// - send([command]) returns all replies as they are; look at each .error with ServerFault.error(for:).
// - RedisCommand.subscribe([channels]) is sent alone; it returns when the server has confirmed.
// - sendUncancelled is the same, deaf to cancellation.
// - onPush is called on the event loop: be quick. Elements: ["message", channel, payload].
// - onConnect(session) runs before the connection is used by others; session.number grows by one per connection.
// - A link that was not run yet keeps requests waiting for the time-out; after run(), they throw notRunning.

/// One logical connection to a server: pipelined, reconnecting, for any number of tasks.
///
/// A request is written once at most: what was written when a connection ended has failed with its outcome unknown.
final class RedisLink: Sendable {
    typealias OnPush = @Sendable ([RESPValue]) -> Void
    typealias OnConnect = @Sendable (RedisSession) async throws(LockError) -> Void

    let configuration: RedisConfiguration
    let bounds: LinkBounds
    private let gate = LinkGate()
    private let logger: Logger?
    private let onPush: OnPush
    private let onConnect: OnConnect
    private let clock = Timekeeper(ContinuousClock())

    init(
        configuration: RedisConfiguration, bounds: LinkBounds? = nil, logger: Logger? = nil,
        onPush: @escaping OnPush = { _ in }, onConnect: @escaping OnConnect = { _ throws(LockError) in }
    ) {
        self.configuration = configuration
        self.bounds = bounds ?? LinkBounds(configuration)
        self.logger = logger
        self.onPush = onPush
        self.onConnect = onConnect
    }

    /// The number of the connection in use; `nil` while there is none.
    var sessionNumber: UInt64? { gate.session?.number }

    // MARK: Requests

    func send(_ command: RedisCommand) async throws(LockError) -> RESPValue {
        try await single(Request(command, deadline: .now() + bounds.requestTimeout), isCancellable: true)
    }

    /// Adjacent on the wire.
    func send(_ commands: [RedisCommand]) async throws(LockError) -> [RESPValue] {
        try await batch(Request(commands, deadline: .now() + bounds.requestTimeout), isCancellable: true)
    }

    /// Deaf to cancellation.
    func sendUncancelled(_ command: RedisCommand) async throws(LockError) -> RESPValue {
        try await single(Request(command, deadline: .now() + bounds.requestTimeout), isCancellable: false)
    }

    /// Deaf to cancellation.
    func sendUncancelled(_ commands: [RedisCommand]) async throws(LockError) -> [RESPValue] {
        try await batch(Request(commands, deadline: .now() + bounds.requestTimeout), isCancellable: false)
    }

    /// Waits for no answer.
    func post(_ command: RedisCommand) { hand(over: Request(command, deadline: .now() + bounds.requestTimeout)) }

    private func single(_ request: Request, isCancellable: Bool) async throws(LockError) -> RESPValue {
        try await request.reply(isCancellable: isCancellable) { hand(over: request) }.value()
    }

    private func batch(_ request: Request, isCancellable: Bool) async throws(LockError) -> [RESPValue] {
        try await request.reply(isCancellable: isCancellable) { hand(over: request) }.values
    }

    private func hand(over request: Request) {
        let session = gate.session
        if let session {
            guard request.waiter.handOn() else { return }
            switch session.enqueue(request) {
            case .accepted: return
            case .full: return request.settle(.failure(bounds.tooManyRequests))
            case .closed: break
            }
        }
        gate.park(request, bounds, after: session)
    }

    // MARK: Connections

    /// Keeps the link connected; returns when cancelled, with the socket closed.
    func run() async throws {
        gate.start()
        var backoff = LinkBackoff(bounds)
        var number: UInt64 = 0
        var told: String?
        while !Task.isCancelled {
            number += 1
            let start = clock.now
            do throws(LockError) {
                let session = try await connect(number)
                gate.open(session, bounds)
                told = nil
                await session.closed()
                gate.close(session.failure ?? LockError(.unavailable, "\(configuration) closed the connection"))
                if clock.now - start >= bounds.settled { backoff.reset() }
                if !Task.isCancelled { logger?.warning("connection lost", metadata: about(session.failure)) }
            } catch {
                gate.close(error)
                // Once per reason, not once per attempt.
                let level: Logger.Level = told == error.message ? .debug : .warning
                if !Task.isCancelled { logger?.log(level: level, "no connection", metadata: about(error)) }
                told = error.message
            }
            do { try await clock.sleep(until: clock.now + backoff.next()) } catch { break }
        }
        gate.end()
    }

    private func connect(_ number: UInt64) async throws(LockError) -> RedisSession {
        let dialer = Dialer(configuration: configuration, bounds: bounds, logger: logger)
        let session = try await dialer.session(number, onPush: onPush)
        do throws(LockError) {
            try await onConnect(session)
        } catch {
            await session.end()
            throw error
        }
        return session
    }

    private func about(_ error: LockError?) -> Logger.Metadata {
        ["store": "\(configuration)", "error": "\(error.map(\.description) ?? "closed by the server")"]
    }
}
#endif
