#if ZooKeeper
import NIOCore

/// The answer to one request, not read further yet.
struct Reply: Sendable {
    /// The last transaction that the server had seen: this one, where the request made one.
    var zxid: Int64 = 0
    /// 0 for none.
    let error: Int32
    let body: JuteReader
}
#endif
