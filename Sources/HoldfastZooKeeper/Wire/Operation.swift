#if ZooKeeper
/// One of several that are done all or none.
enum Operation: Sendable, Hashable {
    /// The configuration's access list, by default.
    case create(path: String, data: [UInt8] = [], acl: [ACL]? = nil, mode: CreateMode)
    case delete(path: String, version: Int32 = -1)
    case setData(path: String, data: [UInt8], version: Int32 = -1)
    /// That the node is there, in this version.
    case check(path: String, version: Int32 = -1)
}

/// What became of one of several.
enum OperationResult: Sendable, Hashable {
    /// Its `czxid` is that of them all. Servers tell no more of it, whatever they are asked.
    case created(path: String)
    case deleted
    case changed(Stat)
    case checked
    /// Nothing of them all was done, because of this one.
    case failed(ZooKeeperFault)
    /// Nothing of them all was done, because of another one.
    case undone
}
#endif
