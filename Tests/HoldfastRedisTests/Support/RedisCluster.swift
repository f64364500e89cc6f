#if Redis
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastRedis

/// Three masters that share the slots of a cluster evenly, in order.
final class RedisCluster: Sendable {
    static let slots = 16_384
    let nodes: [RedisServer]
    private let lastKey = Atomic(0)

    init() async throws {
        var nodes: [RedisServer] = []
        for _ in 0..<3 {
            nodes.append(try await RedisServer(lines: ["cluster-node-timeout 1000"], isClusterNode: true))
        }
        for (number, node) in nodes.enumerated() {
            let first = Self.slots * number / nodes.count
            let last = Self.slots * (number + 1) / nodes.count - 1
            try node.command("CLUSTER", "ADDSLOTSRANGE", "\(first)", "\(last)")
            try node.command("CLUSTER", "SET-CONFIG-EPOCH", "\(number + 1)")
            for other in nodes {
                try node.command("CLUSTER", "MEET", "127.0.0.1", "\(other.port)", "\(other.tlsPort)")
            }
        }
        self.nodes = nodes
        try await settle()
    }

    /// Waits until all nodes say that all is well.
    func settle() async throws {
        for node in nodes {
            try await eventually("the cluster stands", within: .seconds(20)) {
                let info = try node.command("CLUSTER", "INFO").text ?? ""
                return info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            }
        }
    }

    func id(of node: Int) throws -> String {
        guard let id = try nodes[node].command("CLUSTER", "MYID").text else { throw TestFailure("a node has no id") }
        return id
    }

    func slot(of key: LockKey) throws -> Int {
        Int(try nodes[0].command("CLUSTER", "KEYSLOT", "lock:" + key.text).int ?? 0)
    }

    /// The node that has a key's slot in the beginning.
    func owner(of key: LockKey) throws -> Int {
        let slot = try slot(of: key)
        return (0..<3).first { slot < Self.slots * ($0 + 1) / 3 } ?? 2
    }

    /// Keys that nobody had yet, in slots that a node has in the beginning.
    func keys(on node: Int, _ count: Int) throws -> [LockKey] {
        var keys: [LockKey] = []
        while keys.count < count {
            let number = lastKey.add(1, ordering: .relaxed).newValue
            let key = LockKey(unchecked: "key\(number)")
            if try owner(of: key) == node { keys.append(key) }
        }
        return keys
    }

    /// Begins to move a slot: keys that are there already stay until they are moved.
    func begin(moving slot: Int, from source: Int, to target: Int) throws {
        try nodes[target].command("CLUSTER", "SETSLOT", "\(slot)", "IMPORTING", try id(of: source))
        try nodes[source].command("CLUSTER", "SETSLOT", "\(slot)", "MIGRATING", try id(of: target))
    }

    /// Moves the keys of a slot.
    func moveKeys(of slot: Int, from source: Int, to target: Int) throws {
        let names = try nodes[source].command("CLUSTER", "GETKEYSINSLOT", "\(slot)", "100").elements ?? []
        for name in names.compactMap(\.text) {
            let answer = try nodes[source].command("MIGRATE", "127.0.0.1", "\(nodes[target].port)", name, "0", "1000")
            guard answer.text == "OK" else { throw TestFailure("\(name) does not move: \(answer)") }
        }
    }

    /// Says who has the slot now.
    func finish(moving slot: Int, to target: Int) throws {
        let id = try id(of: target)
        for node in [target] + nodes.indices.filter({ $0 != target }) {
            try nodes[node].command("CLUSTER", "SETSLOT", "\(slot)", "NODE", id)
        }
    }
}
#endif
