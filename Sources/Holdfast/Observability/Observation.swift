import Logging
import Metrics
import Synchronization
import Tracing

/// Where a client tells what happens: events for the program, logs, metrics and spans for its operators.
///
/// Metric labels come from closed sets; keys appear in logs, spans and events only.
final class Observation: Sendable {
    /// The most subscribers to one client's events.
    static let subscribersLimit = 256

    private struct Subscribers {
        var next = 0
        var streams: [Int: AsyncStream<LockEvent>.Continuation] = [:]
    }

    let logger: Logger
    let tracer: (any Tracer)?
    private let meters: Meters
    private let subscribers = Mutex(Subscribers())
    private let isWatched = Atomic(false)

    init(backend: String, logger: Logger?) {
        self.logger = logger ?? Logger(label: "holdfast", factory: { _ in SwiftLogNoOpLogHandler() })
        let tracer = InstrumentationSystem.tracer
        self.tracer = tracer is NoOpTracer ? nil : tracer
        meters = Meters(backend: backend)
    }

    func events(buffer: Int) -> AsyncStream<LockEvent> {
        let (stream, continuation) = AsyncStream<LockEvent>.makeStream(
            bufferingPolicy: .bufferingNewest(max(1, buffer)))
        let ticket: Int? = subscribers.withLock { subscribers in
            guard subscribers.streams.count < Self.subscribersLimit else { return nil }
            subscribers.next += 1
            subscribers.streams[subscribers.next] = continuation
            isWatched.store(true, ordering: .releasing)
            return subscribers.next
        }
        guard let ticket else {
            continuation.finish()
            return stream
        }
        continuation.onTermination = { [weak self] _ in self?.unsubscribe(ticket) }
        return stream
    }

    private func unsubscribe(_ ticket: Int) {
        subscribers.withLock { subscribers in
            subscribers.streams.removeValue(forKey: ticket)
            isWatched.store(!subscribers.streams.isEmpty, ordering: .releasing)
        }
    }

    func tell(_ kind: LockEvent.Kind, _ state: LeaseState, _ duration: Duration = .zero) {
        meters.record(kind, duration)
        log(kind, state, duration)
        guard isWatched.load(ordering: .acquiring) else { return }
        let token: FencingToken? = state.update { $0.token }
        emit(LockEvent(kind: kind, parts: state.claim.parts, id: state.claim.id, token: token, duration: duration))
    }

    func tellFailure(_ error: LockError, _ parts: [Claim.Part], _ duration: Duration) {
        meters.record(.failed(error.code), duration)
        guard isWatched.load(ordering: .acquiring) else { return }
        emit(LockEvent(kind: .failed(error.code), parts: parts, id: nil, token: nil, duration: duration))
    }

    /// Keys that are taken in two orders.
    func tellInversion(held: LockKey, asked: LockKey) {
        logger.warning(
            "locks taken in two orders: a deadlock that may come",
            metadata: ["lock.held": "\(held.text)", "lock.key": "\(asked.text)"])
        guard isWatched.load(ordering: .acquiring) else { return }
        emit(
            LockEvent(
                kind: .orderInverted(held: held), parts: [Claim.Part(asked)], id: nil, token: nil, duration: .zero))
    }

    private func emit(_ event: LockEvent) {
        let streams = subscribers.withLock { Array($0.streams.values) }
        for stream in streams { stream.yield(event) }
    }

    private func log(_ kind: LockEvent.Kind, _ state: LeaseState, _ duration: Duration) {
        switch kind {
        case .lost(let loss):
            logger.warning("lock lost", metadata: metadata(state, ["lock.loss": "\(loss.rawValue)"]))
        case .atRisk:
            logger.warning("lock at risk: no renewal acknowledged", metadata: metadata(state))
        case .acquired:
            logger.trace("lock acquired", metadata: metadata(state, ["lock.wait": "\(duration)"]))
        case .waited:
            logger.trace("lock waits", metadata: metadata(state))
        case .released:
            logger.trace("lock released", metadata: metadata(state, ["lock.hold": "\(duration)"]))
        case .failed, .orderInverted: break
        }
    }

    func metadata(_ state: LeaseState, _ more: Logger.Metadata = [:]) -> Logger.Metadata {
        var metadata = more
        metadata["lock.key"] = "\(state.claim.parts.map(\.key.text).joined(separator: ","))"
        metadata["lock.claim"] = "\(state.claim.id)"
        metadata["lock.token"] = "\(state.token)"
        return metadata
    }
}
