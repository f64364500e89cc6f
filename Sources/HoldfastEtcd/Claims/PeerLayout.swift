#if Etcd
import Holdfast

/// Which program keeps a lock in a layout that no other knows.
enum PeerLayout {
    /// - Returns: `nil` for a claim of ours, or of etcd's own clients.
    static func of(_ key: [UInt8], _ codec: NameCodec) -> String? {
        guard let (stem, own) = codec.split(key), let name = codec.key(ofStem: stem) else { return layout(of: key) }
        if NameCodec.id(ofOwn: own) != nil || isLease(own) { return nil }
        if codec.names == .raw, ["read", "write"].contains(name.text.split(separator: "/").last ?? "") {
            return "a key of etcd's experimental read-write lock"
        }
        return layout(of: key)
    }

    private static func layout(of key: [UInt8]) -> String {
        let text = String(decoding: key, as: UTF8.self)
        if text.contains("tooz/locks") { return "a lock of OpenStack's tooz" }
        if text.contains("shedlock:") { return "a lock of ShedLock" }
        return "no lock of a known layout"
    }

    /// A lease's number as etcd's own locks write it.
    private static func isLease(_ own: ArraySlice<UInt8>) -> Bool {
        own.count <= 16 && Int64(String(decoding: own, as: UTF8.self), radix: 16) != nil
    }
}
#endif
