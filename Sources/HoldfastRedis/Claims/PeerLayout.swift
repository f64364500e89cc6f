#if Redis
import Holdfast

/// Which library keeps a lock in a key that is no string.
enum PeerLayout {
    /// How many fields of a hash are looked at.
    private static let fieldsLimit = 10

    static func of(_ string: String, type: String, _ link: RedisLink) async throws(LockError) -> String {
        guard type == "hash" else { return name(type: type, fields: []) }
        let reply = try await link.send(RedisCommand("HSCAN", string, "0", "COUNT", "\(fieldsLimit)"))
        let pairs = reply.elements?.last?.elements ?? []
        let fields = stride(from: 0, to: min(pairs.count, 2 * fieldsLimit), by: 2).compactMap { pairs[$0].text }
        return name(type: type, fields: fields)
    }

    static func name(type: String, fields: [String]) -> String {
        switch type {
        case "hash" where fields.contains("mode"): "a hash, as Redisson's read-write lock keeps it"
        case "hash" where fields.contains(where: isThread): "a hash, as Redisson's lock keeps it"
        case "zset": "a sorted set, as Symfony's lock and other semaphores keep it"
        case "set": "a set, as Medallion's read lock keeps it"
        case "list": "a list, as queues and list locks keep it"
        case "stream": "a stream, which is no lock"
        default: "of type \(type), which is no lock of a known library"
        }
    }

    /// `<UUID>:<thread id>`, also with what a writer appends.
    private static func isThread(_ field: String) -> Bool {
        let parts = field.split(separator: ":")
        return parts.count >= 2 && parts[0].count == 36 && parts[0].split(separator: "-").count == 5
            && Int(parts[1]) != nil
    }
}
#endif
