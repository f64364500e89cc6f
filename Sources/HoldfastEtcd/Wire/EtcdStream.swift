#if Etcd
import Holdfast
import NIOCore

/// A call with many messages in both directions, on one connection; open until either side ends it.
final class EtcdStream: Sendable {
    let method: EtcdMethod
    /// What the server says and how it ended, on the event loop.
    let receiver: any StreamReceiver

    init(_ method: EtcdMethod, _ receiver: any StreamReceiver) {
        self.method = method
        self.receiver = receiver
    }
}

/// What listens to a stream, on the event loop.
protocol StreamReceiver: AnyObject, Sendable {
    func receive(_ message: ByteBuffer, on stream: EtcdStream)
    /// Called once, unless this side has closed it.
    func ended(_ stream: EtcdStream, _ reason: LockError)
    /// From time to time.
    ///
    /// - Returns: what is wrong, where the stream must be given up.
    func look(_ now: NIODeadline, on stream: EtcdStream) -> LockError?
}
#endif
