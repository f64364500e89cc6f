#if ZooKeeper
/// What kind of node to create.
enum CreateMode: Sendable, Hashable {
    case persistent
    case ephemeral
    case persistentSequential
    case ephemeralSequential
    /// Removed by the server some time after its last child. Servers before 3.5 answer `unimplemented`.
    case container
    /// Removed after so many milliseconds without change and children, where the servers allow that.
    case persistentWithTimeToLive(Int64)

    var flags: Int32 {
        switch self {
        case .persistent: 0
        case .ephemeral: 1
        case .persistentSequential: 2
        case .ephemeralSequential: 3
        case .container: 4
        case .persistentWithTimeToLive: 5
        }
    }

    /// The request that answers with a `Stat`, so that the token comes back.
    var code: OpCode {
        switch self {
        case .container: .createContainer
        case .persistentWithTimeToLive: .createTTL
        default: .create2
        }
    }
}
#endif
