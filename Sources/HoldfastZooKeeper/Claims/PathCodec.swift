#if ZooKeeper
import Holdfast

/// How locks become paths in the store, and back: `<prefix><name>`, below which each claim has a node.
struct PathCodec: Sendable {
    /// The node that all locks are below; empty for the root.
    let directory: String
    /// What the last component of each lock's path begins with, and the first of a raw name's.
    let start: String
    let names: ZooKeeperConfiguration.Names

    /// - Throws: ``LockError/Code/invalidArgument`` for a prefix that is no path.
    init(prefix: String, names: ZooKeeperConfiguration.Names) throws(LockError) {
        let path = prefix.hasPrefix("/") ? prefix : "/" + prefix
        let slash = path.lastIndex(of: "/") ?? path.startIndex
        directory = String(path[..<slash])
        start = String(path[path.index(after: slash)...])
        self.names = names
        if let problem = NodePath.problem(with: path + "x") {
            throw LockError(.invalidArgument, "prefix=\(prefix): \(problem); write prefix=/locks/")
        }
    }

    /// The node that all records are below. No lock's encoded name has an exclamation mark.
    var records: String { directory + "/" + start + "!records" }

    /// A lock's own node.
    ///
    /// - Throws: ``LockError/Code/invalidKey`` for raw names that are no path.
    func parent(of key: LockKey) throws(LockError) -> String {
        let path = directory + "/" + start + (names == .raw ? key.text : Self.encoded(key.text, isWhole: start.isEmpty))
        if names == .raw, let problem = NodePath.problem(with: path) {
            throw LockError(.invalidKey, "with names=raw a key is a path in ZooKeeper: \(problem)", key: key)
        }
        guard path != "/zookeeper", !path.hasPrefix("/zookeeper/") else {
            throw LockError(.invalidKey, "/zookeeper is ZooKeeper's own: use a prefix", key: key)
        }
        guard path != records, !path.hasPrefix(records + "/") else {
            throw LockError(.invalidKey, "\(records) is where records are kept: use another name", key: key)
        }
        return path
    }

    /// What stands for a record's key in a path.
    static func recordName(_ key: LockKey) -> String { encoded(key.text, isWhole: true) }

    /// - Parameter path: of a node below the directory.
    /// - Returns: `nil` where no lock has it.
    func key(ofParent path: String) -> LockKey? {
        let head = directory + "/" + start
        guard path.hasPrefix(head), path.count > head.count else { return nil }
        let name = String(path.dropFirst(head.count))
        guard names == .encoded else { return LockKey(unchecked: name) }
        guard !name.contains("/"), let text = KeyText.decoded(name.utf8, isStrict: false) else { return nil }
        let key = LockKey(unchecked: text)
        return Self.encoded(text, isWhole: start.isEmpty) == name ? key : nil
    }

    /// Dots alone are no name there.
    private static func encoded(_ text: String, isWhole: Bool) -> String {
        let name = String(decoding: KeyText.encoded(text), as: UTF8.self)
        guard isWhole, name == "." || name == ".." || name == "zookeeper" else { return name }
        return "%" + String(name.utf8.first ?? 0, radix: 16, uppercase: true) + name.dropFirst()
    }
}
#endif
