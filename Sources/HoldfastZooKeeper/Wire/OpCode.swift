#if ZooKeeper
/// What a request asks for, as on the wire.
enum OpCode: Int32, Sendable, CaseIterable, Hashable {
    case create = 1
    case delete = 2
    case exists = 3
    case data = 4
    case setData = 5
    case sync = 9
    case ping = 11
    case children = 12
    case check = 13
    case multi = 14
    case create2 = 15
    case createContainer = 19
    case createTTL = 21
    case auth = 100
    case closeSession = -11
    case error = -1
}
#endif
