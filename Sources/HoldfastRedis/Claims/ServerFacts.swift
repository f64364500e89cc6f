#if Redis
import Holdfast

/// What `INFO` says that matters to locks. A user who may not ask gets nothing, and locks all the same.
struct ServerFacts: Sendable {
    private let facts: [String: String]

    init(info: String) {
        var facts: [String: String] = [:]
        for line in info.split(whereSeparator: { $0 == "\r\n" || $0 == "\n" }) {
            let halves = line.split(separator: ":", maxSplits: 1)
            if halves.count == 2 { facts[String(halves[0])] = String(halves[1]) }
        }
        self.facts = facts
    }

    init(_ session: RedisSession) async throws(LockError) {
        self.init(reply: try await Self.replies { commands throws(LockError) in try await session.send(commands) })
    }

    init(_ link: RedisLink) async throws(LockError) {
        self.init(reply: try await Self.replies { commands throws(LockError) in try await link.send(commands) })
    }

    private init(reply: [RESPValue]) { self.init(info: reply.compactMap(\.text).joined(separator: "\n")) }

    private static func replies(
        _ send: ([RedisCommand]) async throws(LockError) -> [RESPValue]
    ) async throws(LockError) -> [RESPValue] {
        try await send(["server", "memory", "persistence", "replication", "cluster"].map { RedisCommand("INFO", $0) })
    }

    subscript(_ name: String) -> String? { facts[name] }

    var isEmpty: Bool { facts.isEmpty }
    var replicas: Int { Int(facts["connected_slaves"] ?? "") ?? 0 }
    var isReplica: Bool { facts["role"] == "slave" || facts["role"] == "replica" }

    /// Of `INFO` alone; clocks and keys are looked at elsewhere.
    var findings: [Finding] { [version, role, eviction, persistence, failover].compactMap { $0 } }

    private var version: Finding? {
        let valkey = facts["valkey_version"].map { "Valkey \($0)" }
        guard let text = valkey ?? facts["redis_version"].map({ "Redis \($0)" }) else { return nil }
        let numbers = (facts["redis_version"] ?? "").split(separator: ".").compactMap { Int($0) }
        guard valkey != nil || numbers.lexicographicallyPrecedes([6, 2]) == false else {
            return Finding(
                .danger, "version", "\(text) lacks commands that the scripts use",
                remedy: "Use Redis 6.2 or later, or Valkey 7.2 or later.")
        }
        return Finding(.fine, "version", text)
    }

    private var role: Finding? {
        guard let role = facts["role"] else { return nil }
        guard isReplica else { return Finding(.fine, "role", role) }
        return Finding(
            .danger, "role", "a replica, which takes no writes", remedy: "Name its master in the store's URL.")
    }

    private var eviction: Finding? {
        guard let policy = facts["maxmemory_policy"] else { return nil }
        guard policy != "noeviction" else { return Finding(.fine, "eviction", policy) }
        let text = "maxmemory-policy is \(policy): a lock may be evicted while it is held"
        let remedy = "Set maxmemory-policy noeviction, or give locks a server of their own."
        guard facts["maxmemory"] != "0" else {
            return Finding(.notice, "eviction", text + ", once maxmemory is set", remedy: remedy)
        }
        return Finding(.danger, "eviction", text, remedy: remedy)
    }

    private var persistence: Finding? {
        guard let aof = facts["aof_enabled"] else { return nil }
        guard aof != "1" else { return Finding(.fine, "persistence", "append-only file") }
        return Finding(
            .danger, "persistence", "no append-only file: a restart forgets who holds what",
            remedy: "Set appendonly yes and appendfsync always, or let resources check tokens.")
    }

    private var failover: Finding? {
        if facts["cluster_enabled"] == "1" {
            return Finding(
                .notice, "failover", "a cluster: a failover may lose a lock that was granted",
                remedy: "Let resources check tokens; ask for replicas with durability.")
        }
        guard replicas > 0 else { return nil }
        return Finding(
            .notice, "failover", "\(replicas) replicas: a failover may lose a lock that was granted",
            remedy: "Let resources check tokens; ask for replicas with durability.")
    }
}
#endif
