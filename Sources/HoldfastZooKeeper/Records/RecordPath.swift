#if ZooKeeper
import Holdfast

/// Where a record is: `<prefix>!records/<folder>/<name>`.
///
/// Names are spread over folders, so that a listing of one stays short where there are millions.
struct RecordPath: Sendable, Hashable {
    static let foldersCount: UInt32 = 256

    let root: String
    let folder: String
    let node: String

    init(root: String, folder: String, node: String) {
        (self.root, self.folder, self.node) = (root, folder, node)
    }

    init(_ key: LockKey, _ codec: PathCodec) {
        let name = PathCodec.recordName(key)
        let number = Self.hash(name) % Self.foldersCount
        root = codec.records
        folder = root + "/" + (number < 16 ? "0" : "") + String(number, radix: 16)
        node = folder + "/" + name
    }

    /// FNV-1a, folded: the same in every process.
    private static func hash(_ name: String) -> UInt32 {
        let hash = name.utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
        return hash ^ hash >> 8 ^ hash >> 16 ^ hash >> 24
    }
}
#endif
