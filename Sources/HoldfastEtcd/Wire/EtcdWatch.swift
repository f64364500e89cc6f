#if Etcd
import Holdfast

/// One watch of a link, from its creation on: an asynchronous sequence of batches of events, for one reader.
///
/// It is cancelled on the server when nobody keeps it any more, neither itself nor an iterator.
final class EtcdWatch: Sendable, AsyncSequence {
    /// Why a watch ended.
    enum End: Sendable {
        /// By ``EtcdWatch/cancel()``, or with the link.
        case cancelled
        /// The stream or the connection was lost; events may be missed.
        case lost(LockError)
        /// The server has forgotten what it would have to tell. Oldest revision that it has.
        case compacted(Int64)
        /// The server ended it: for lack of permission, for instance.
        case refused(LockError)
        /// The reader was too slow, and events were dropped.
        case overflowed
    }

    /// The store's revision when the watch was created: every later event comes.
    let revision: Int64
    private let sink: WatchSink

    init(revision: Int64, sink: WatchSink) {
        self.revision = revision
        self.sink = sink
    }

    deinit { sink.cancel() }

    /// `nil` while it goes on.
    var end: End? { sink.end }

    func cancel() { sink.cancel() }

    func makeAsyncIterator() -> Iterator { Iterator(watch: self, base: sink.batches.makeAsyncIterator()) }

    struct Iterator: AsyncIteratorProtocol {
        /// Keeps it alive.
        let watch: EtcdWatch
        var base: AsyncStream<[Mvccpb_Event]>.Iterator

        /// `nil` at the end of the watch, and where the task is cancelled.
        mutating func next(isolation actor: isolated (any Actor)?) async -> [Mvccpb_Event]? {
            await base.next(isolation: actor)
        }
    }
}
#endif
