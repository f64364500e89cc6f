#if ZooKeeper
import NIOCore

/// The answer to one request, not read further yet.
struct Reply: Sendable {
    /// 0 for none.
    let error: Int32
    let body: JuteReader
}
#endif
