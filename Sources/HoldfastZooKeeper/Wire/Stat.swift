#if ZooKeeper
/// What a server knows about a node.
struct Stat: Sendable, Hashable {
    /// The transaction that created it: one order for the whole ensemble, for ever.
    var czxid: Int64 = 0
    /// The transaction that changed it last.
    var mzxid: Int64 = 0
    /// When it was created, by the leader's wall clock.
    var ctime: Int64 = 0
    var mtime: Int64 = 0
    /// Changes of the data.
    var version: Int32 = 0
    /// Changes of the list of children.
    var cversion: Int32 = 0
    var aversion: Int32 = 0
    /// The session that it ends with; 0 for none.
    var ephemeralOwner: Int64 = 0
    var dataLength: Int32 = 0
    var childCount: Int32 = 0
    /// The transaction that changed the list of children last.
    var pzxid: Int64 = 0
}
#endif
