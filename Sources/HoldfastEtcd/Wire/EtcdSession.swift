#if Etcd
import Holdfast
import NIOCore

/// One connection of a link to one member, with the streams that all watches and all leases share.
final class EtcdSession: Sendable {
    /// One for the link's first attempt, and so on.
    let number: UInt64
    let endpoint: EtcdConfiguration.Endpoint
    let began = ContinuousClock.now
    let connection: EtcdConnection
    let watches: WatchBook
    let keepAlives: KeepAliveBook
    /// `nil` where nobody logs in.
    let login: Login?

    init(
        number: UInt64, endpoint: EtcdConfiguration.Endpoint, connection: EtcdConnection, login: Login?,
        bounds: EtcdBounds, counter: EtcdCounter
    ) {
        self.number = number
        self.endpoint = endpoint
        self.connection = connection
        self.login = login
        watches = WatchBook(connection: connection, bounds: bounds, counter: counter)
        keepAlives = KeepAliveBook(connection: connection, bounds: bounds, counter: counter)
    }

    /// Logs in again, where nobody else has since `generation`; streams of the old token are left.
    func renewToken(after generation: Int) async throws(LockError) {
        guard let login else { return }
        if try await login.renew(after: generation, on: connection) {
            watches.leave(LockError(.unavailable, "the watch's user was authenticated anew"))
        }
    }

    /// Gives this member up; what is under way may end.
    func leave(_ reason: LockError) { connection.enqueue(.retire(reason)) }

    /// Returns when the connection takes no more calls, or the task is cancelled; then it is closed, after `farewell`.
    func retired(farewell: () async -> Void) async {
        let waiter = Waiter<Void>()
        connection.retired.whenComplete { _ in waiter.settle(.success(())) }
        _ = await waiter.cancellableOutcome {}
        guard Task.isCancelled else { return }
        await farewell()
        await end()
    }

    func end() async {
        connection.channel.close(promise: nil)
        try? await connection.channel.closeFuture.get()
    }

    /// Why it ended.
    var failure: LockError? { connection.failure }
}
#endif
