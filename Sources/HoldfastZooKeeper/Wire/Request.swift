#if ZooKeeper
import Holdfast
import NIOCore

/// A caller who waits for the answer to one request.
///
/// It is settled once, by whoever comes first: the answer, the time-out, the end of the connection, or the caller's own
/// cancellation. An answer that comes later is consumed and dropped.
final class Request: Sendable {
    let code: OpCode
    /// Behind the length and the number: the operation's own number, and what it takes.
    let body: ByteBuffer
    /// When the caller waits no longer.
    let deadline: NIODeadline
    let interest: Interest?
    let waiter = Waiter<Reply>()

    /// What the server is to watch, from this request on.
    struct Interest: Sendable {
        let path: String
        let kind: Kind
        let watch: Watch

        enum Kind: Sendable, Hashable {
            /// That it comes, goes, changes.
            case existence
            /// That it changes or goes; nothing where it is not there.
            case data
            /// That its children come or go, or itself goes; nothing where it is not there.
            case children
        }
    }

    init(
        _ code: OpCode, deadline: NIODeadline, interest: Interest? = nil, _ write: (inout ByteBuffer) -> Void = { _ in }
    ) {
        var body = ByteBuffer()
        body.writeInteger(code.rawValue)
        write(&body)
        self.code = code
        self.body = body
        self.deadline = deadline
        self.interest = interest
    }

    /// Does nothing where it is settled.
    func settle(_ outcome: Waiter<Reply>.Outcome) { waiter.settle(outcome) }

    /// Hands the request on by `start`, and waits; the caller's cancellation ends the wait where `isCancellable`.
    func reply(isCancellable: Bool, start: () -> Void) async throws(LockError) -> Reply {
        let outcome = isCancellable ? await waiter.cancellableOutcome(start: start) : await waiter.outcome(start: start)
        return try outcome.get()
    }
}
#endif
