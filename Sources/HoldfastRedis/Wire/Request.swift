#if Redis
import Holdfast
import NIOCore

/// A caller who waits for the answer to one command, or to several that are adjacent on the wire.
///
/// It is settled once, by whoever comes first: the answer, the time-out, the end of the connection, or the caller's own
/// cancellation. An answer that comes later is consumed and dropped.
final class Request: Sendable {
    enum Reply: Sendable {
        case one(RESPValue)
        case many([RESPValue])
    }

    /// Commands in it.
    let count: Int
    /// Answered by an array of replies.
    let isBatch: Bool
    let answer: RedisCommand.Answer
    let bytes: ByteBuffer
    /// When the caller waits no longer.
    let deadline: NIODeadline
    let waiter = Waiter<Reply>()

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

    /// Does nothing where it is settled.
    func settle(_ outcome: Waiter<Reply>.Outcome) { waiter.settle(outcome) }

    /// Hands the request on by `start`, and waits; the caller's cancellation ends the wait where `isCancellable`.
    func reply(isCancellable: Bool, start: () -> Void) async throws(LockError) -> Reply {
        let outcome =
            isCancellable
            ? await waiter.cancellableOutcome(isHandedOn: true, start: start) : await waiter.outcome(start: start)
        return try outcome.get()
    }
}
#endif
