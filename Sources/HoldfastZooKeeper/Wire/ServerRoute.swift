#if ZooKeeper
/// Every server once, in random order, so that the clients of a lost server spread.
struct ServerRoute {
    private var rest: [ZooKeeperConfiguration.Server]

    /// - Parameter last: the one that was just lost.
    init(_ servers: [ZooKeeperConfiguration.Server], last: ZooKeeperConfiguration.Server? = nil) {
        rest = servers.shuffled()
        guard let last, let index = rest.firstIndex(of: last) else { return }
        rest.insert(rest.remove(at: index), at: 0)
    }

    mutating func next() -> ZooKeeperConfiguration.Server? { rest.popLast() }
}
#endif
