#if Redis
import Holdfast
import NIOCore
import Synchronization

/// A caller who waits for the answer to one command, or to several that are adjacent on the wire.
///
/// It is settled once, by whoever comes first: the answer, the time-out, the end of the connection, or the caller's own
/// cancellation. An answer that comes later is consumed and dropped.
final class Request: Sendable {
    enum Reply: Sendable {
        case one(RESPValue)
        case many([RESPValue])
    }
    typealias Outcome = Result<Reply, LockError>

    private enum State {
        case new
        case waiting(CheckedContinuation<Outcome, Never>)
        case settled(Outcome?)
    }

    /// Commands in it.
    let count: Int
    /// Answered by an array of replies.
    let isBatch: Bool
    let answer: RedisCommand.Answer
    let bytes: ByteBuffer
    /// When the caller waits no longer.
    let deadline: NIODeadline
    private let state = Mutex(State.new)

    init(_ command: RedisCommand, deadline: NIODeadline) {
        count = 1
        isBatch = false
        answer = command.answer
        bytes = command.bytes
        self.deadline = deadline
    }

    /// Several commands, in order; none is a subscription.
    init(_ commands: [RedisCommand], deadline: NIODeadline) {
        precondition(!commands.isEmpty, "a request has a command")
        var bytes = commands[0].bytes
        for command in commands.dropFirst() { bytes.writeImmutableBuffer(command.bytes) }
        count = commands.count
        isBatch = true
        answer = .reply
        self.bytes = bytes
        self.deadline = deadline
    }

    /// Nobody waits any more.
    var isSettled: Bool {
        state.withLock { state in
            if case .settled = state { true } else { false }
        }
    }

    /// Does nothing where it is settled.
    func settle(_ outcome: Outcome) {
        let waiter: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            switch state {
            case .new:
                state = .settled(outcome)
                return nil
            case .waiting(let waiter):
                state = .settled(nil)
                return waiter
            case .settled: return nil
            }
        }
        waiter?.resume(returning: outcome)
    }

    /// Calls `start`, which hands the request on, and waits until it is settled.
    func outcome(start: () -> Void) async -> Outcome {
        await withCheckedContinuation { continuation in
            let early: Outcome? = state.withLock { state in
                if case .settled(let outcome) = state { return outcome }
                state = .waiting(continuation)
                return nil
            }
            if let early { continuation.resume(returning: early) } else { start() }
        }
    }

    /// The same, and returns at once where the task is cancelled.
    func cancellableOutcome(start: () -> Void) async -> Outcome {
        await withTaskCancellationHandler {
            await outcome(start: start)
        } onCancel: {
            settle(.failure(Self.cancelled))
        }
    }

    private static let cancelled = LockError(.cancelled, "the task was cancelled before Redis had answered")
}
#endif
