#if Etcd
import NIOCore
import NIOHPACK

/// One HTTP/2 stream, as the event loop sees it.
struct Exchange {
    enum Kind {
        case call(UnaryCall)
        case stream(EtcdStream)
    }

    let kind: Kind
    var frames: MessageFrames
    /// The first headers are there: the next ones are trailers.
    var hasBegun = false
    /// Received since the window was opened last.
    var unacknowledged = 0

    init(_ kind: Kind, limit: Int) {
        self.kind = kind
        frames = MessageFrames(limit: limit)
    }
}
#endif
