#if ZooKeeper
/// What every frame from a server begins with, but the first.
struct ReplyHeader: Sendable, Equatable {
    /// Answers that belong to no request of the queue.
    static let eventXid: Int32 = -1
    static let pingXid: Int32 = -2
    static let authXid: Int32 = -4

    /// The request's own number.
    var xid: Int32
    /// The last transaction that the server has seen; -1 where it does not say.
    var zxid: Int64
    var error: Int32

    init(_ reader: inout JuteReader) throws(JuteReader.Malformed) {
        xid = try reader.int()
        zxid = try reader.long()
        error = try reader.int()
    }
}
#endif
