#if ZooKeeper
/// Who may do what with a node. Not inherited by the nodes below.
struct ACL: Sendable, Hashable {
    struct Permissions: OptionSet, Sendable, Hashable {
        let rawValue: Int32
        static let read = Permissions(rawValue: 1)
        static let write = Permissions(rawValue: 2)
        static let create = Permissions(rawValue: 4)
        static let delete = Permissions(rawValue: 8)
        static let admin = Permissions(rawValue: 16)
        static let all: Permissions = [.read, .write, .create, .delete, .admin]
    }

    var permissions: Permissions
    var scheme: String
    var id: String

    /// Anyone anything.
    static let open = [ACL(permissions: .all, scheme: "world", id: "anyone")]
    /// Whoever the session has said it is, anything.
    static let creator = [ACL(permissions: .all, scheme: "auth", id: "")]
}
#endif
