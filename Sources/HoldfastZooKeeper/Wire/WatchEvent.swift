#if ZooKeeper
/// What a watch has seen. It sees one thing only.
enum WatchEvent: Sendable, Hashable {
    case created
    case deleted
    case changed
    case childrenChanged
    /// The connection or the session has ended, and with it all its watches: read again.
    case lost
    /// Nobody waits any more.
    case cancelled
}
#endif
