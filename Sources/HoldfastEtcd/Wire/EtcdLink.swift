#if Etcd
import Holdfast
import Logging
import NIOCore
import SwiftProtobuf

/// One logical connection to a cluster: multiplexed, reconnecting, for any number of tasks.
///
/// A request is written again only where the server has said that it did not do it, or never saw it; else it has failed
/// with its outcome unknown.
final class EtcdLink: Sendable {
    let configuration: EtcdConfiguration
    let bounds: EtcdBounds
    let gate: SessionGate
    private let counter = EtcdCounter()
    private let logger: Logger?
    private let clock = Timekeeper(ContinuousClock())

    init(configuration: EtcdConfiguration, bounds: EtcdBounds? = nil, logger: Logger? = nil) {
        let bounds = bounds ?? EtcdBounds(configuration)
        self.configuration = configuration
        self.bounds = bounds
        self.logger = logger
        gate = SessionGate(bounds)
    }

    /// The number of the connection in use; `nil` while there is none.
    var sessionNumber: UInt64? { gate.current?.number }
    /// The member in use.
    var endpoint: EtcdConfiguration.Endpoint? { gate.current?.endpoint }
    /// What was written so far.
    var requestsSent: EtcdCounts { counter.value }
    /// Where answers arrive.
    var executor: any TaskExecutor { EtcdLoop.executor }

    /// Keeps the link connected; returns when cancelled, with the socket closed.
    ///
    /// - Parameter farewell: what is said on the connection before it is closed, by calls that are not cancellable.
    func run(farewell: () async -> Void = {}) async throws {
        gate.start()
        let dialer = EtcdDialer(configuration: configuration, bounds: bounds, counter: counter, logger: logger)
        let count = configuration.endpoints.count
        var backoff = LinkBackoff(bounds)
        var number: UInt64 = 0
        var failures = 0
        var told: String?
        while !Task.isCancelled {
            let endpoint = configuration.endpoints[Int(number % UInt64(count))]
            number += 1
            do throws(LockError) {
                let session = try await dialer.session(number, endpoint)
                gate.open(session)
                told = nil
                await session.retired(farewell: farewell)
                gate.close(session.failure ?? LockError(.unavailable, "\(endpoint) closed the connection"))
                if ContinuousClock.now - session.began >= bounds.settled {
                    backoff.reset()
                    failures = 0
                }
                if !Task.isCancelled { logger?.warning("connection lost", metadata: about(session.failure)) }
            } catch {
                gate.close(error)
                // Once per reason, not once per attempt.
                let level: Logger.Level = told == error.message ? .debug : .warning
                if !Task.isCancelled { logger?.log(level: level, "no connection", metadata: about(error)) }
                told = error.message
            }
            failures += 1
            // The next member at once; a pause when all had their turn.
            guard failures.isMultiple(of: count) else { continue }
            do { try await clock.sleep(until: clock.now + backoff.next()) } catch { break }
        }
        gate.end()
    }

    private func about(_ error: LockError?) -> Logger.Metadata {
        ["store": "\(configuration)", "error": "\(error.map(\.description) ?? "closed by the server")"]
    }

    // MARK: Calls

    func call<Answer: Message>(
        _ method: EtcdMethod, _ request: some Message, _ isCancellable: Bool
    ) async throws(LockError) -> Answer {
        let message = try MessageCodec.framed(request)
        let deadline = NIODeadline.now() + TimeAmount(bounds.requestTimeout)
        var dead: EtcdSession?
        var hasRenewedToken = false
        while true {
            let session = try await gate.session(after: dead, until: deadline, isCancellable: isCancellable)
            let generation = session.login?.generation ?? 0
            let call = UnaryCall(method, message, deadline: deadline)
            switch try await session.connection.reply(to: call, isCancellable: isCancellable) {
            case .message(let bytes): return try MessageCodec.message(bytes)
            case .unsent where session.connection.isClosed: dead = session
            case .unsent:
                let refused = LockError(.unavailable, "\(session.endpoint) refuses requests: it has too many")
                try await pause(refused, until: deadline, isCancellable)
            case .fault(let fault):
                let error = EtcdFault.error(for: fault)
                switch EtcdFault.remedy(for: fault) {
                case .none: throw error
                case .authenticate:
                    guard session.login != nil, !hasRenewedToken else { throw error }
                    hasRenewedToken = true
                    try await session.renewToken(after: generation)
                case .move:
                    if leave(session, error) { dead = session }
                    try await pause(error, until: deadline, isCancellable)
                case .wait: try await pause(error, until: deadline, isCancellable)
                }
            }
        }
    }

    /// Leaves a member for another. Not at once after it was chosen: while members elect a leader, none has one.
    private func leave(_ session: EtcdSession, _ reason: LockError) -> Bool {
        guard configuration.endpoints.count > 1, ContinuousClock.now - session.began >= bounds.settled else {
            return false
        }
        session.leave(reason)
        return true
    }

    /// Before a call is made again; deaf to cancellation where the call is.
    private func pause(_ error: LockError, until deadline: NIODeadline, _ isCancellable: Bool) async throws(LockError) {
        let length = TimeAmount(bounds.retryPause * Double.random(in: 0.5...1.5))
        guard NIODeadline.now() + length < deadline else { throw error }
        let waiter = Waiter<Void>()
        let alarm = EtcdLoop.shared.scheduleTask(in: length) { _ = waiter.settle(.success(())) }
        defer { alarm.cancel() }
        let outcome = isCancellable ? await waiter.cancellableOutcome {} : await waiter.outcome {}
        try outcome.get()
    }
}
#endif
