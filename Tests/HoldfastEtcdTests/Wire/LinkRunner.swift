#if Etcd
import Holdfast
import ServerKit
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

extension EtcdServer {
    /// Runs a link to this server around `body`.
    func linked(
        _ configuration: EtcdConfiguration? = nil, bounds: EtcdBounds? = nil,
        _ body: @Sendable (EtcdLink) async throws -> Void
    ) async throws {
        try await EtcdLink(configuration: configuration ?? self.configuration, bounds: bounds).running(body)
    }
}

extension EtcdLink {
    /// Runs this link around `body`.
    func running(_ body: @Sendable (EtcdLink) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            do { try await body(self) } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }

    /// Writes a value.
    @discardableResult
    func put(_ key: String, _ value: String, lease: Int64 = 0) async throws(LockError) -> Int64 {
        let request = Etcdserverpb_PutRequest.with {
            $0.key = Array(key.utf8).data
            $0.value = Array(value.utf8).data
            $0.lease = lease
        }
        return try await put(request).header.revision
    }

    /// Reads a value.
    func get(_ key: String) async throws(LockError) -> String? {
        let answer = try await range(.with { $0.key = Array(key.utf8).data })
        return answer.kvs.first.map { String(decoding: $0.value, as: UTF8.self) }
    }

    @discardableResult
    func delete(_ key: String) async throws(LockError) -> Int64 {
        try await deleteRange(.with { $0.key = Array(key.utf8).data }).deleted
    }

    func watch(_ key: String) async throws(LockError) -> EtcdWatch { try await watch(key: Array(key.utf8)) }
}

extension Mvccpb_Event {
    var text: String {
        "\(type == .put ? "put" : "delete") \(String(decoding: kv.key, as: UTF8.self)) "
            + String(decoding: kv.value, as: UTF8.self)
    }
}

extension EtcdBounds {
    /// Short, for tests that wait for them.
    static var short: EtcdBounds {
        var bounds = EtcdBounds()
        bounds.requestTimeout = .milliseconds(400)
        bounds.connectTimeout = .milliseconds(800)
        bounds.quiet = .milliseconds(200)
        bounds.pingTimeout = .milliseconds(400)
        bounds.silence = .milliseconds(800)
        bounds.lastBackoff = .milliseconds(200)
        return bounds
    }
}

extension FaultProxy {
    var configuration: EtcdConfiguration { EtcdConfiguration(host: "127.0.0.1", port: port) }
}
#endif
