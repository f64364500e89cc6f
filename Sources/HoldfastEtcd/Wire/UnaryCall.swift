#if Etcd
import Holdfast
import NIOCore

/// A caller who waits for the one answer to one request.
///
/// It is settled once, by whoever comes first: the answer, the time-out, the end of the connection, or the caller's own
/// cancellation. An answer that comes later is dropped.
final class UnaryCall: Sendable {
    enum Reply: Sendable {
        case message(ByteBuffer)
        /// The server's own word.
        case fault(EtcdFault.Stated)
        /// It was never written, or the server said that it did not look at it: it may be sent again.
        case unsent
    }

    let method: EtcdMethod
    /// Framed.
    let message: ByteBuffer
    /// When the caller waits no longer.
    let deadline: NIODeadline
    let waiter = Waiter<Reply>()

    init(_ method: EtcdMethod, _ message: ByteBuffer, deadline: NIODeadline) {
        self.method = method
        self.message = message
        self.deadline = deadline
    }

    /// Hands the call on by `start`, and waits; the caller's cancellation ends the wait where `isCancellable`.
    func reply(isCancellable: Bool, start: () -> Void) async throws(LockError) -> Reply {
        let outcome = isCancellable ? await waiter.cancellableOutcome(start: start) : await waiter.outcome(start: start)
        return try outcome.get()
    }
}
#endif
