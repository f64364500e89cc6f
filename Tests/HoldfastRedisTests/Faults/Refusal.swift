#if Redis
import Foundation
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

/// One way in which a server refuses its service, and how it comes to its senses.
struct Refusal: Sendable, CustomTestStringConvertible {
    /// The server, and a connection to it from before.
    struct Patient: Sendable {
        let server: RedisServer
        nonisolated(unsafe) let wire: RawConnection  // one test's, which uses it in turn

        func tell(_ words: String...) throws {
            if case .error(let text) = try wire.command(words) { throw TestFailure("\(words): \(text)") }
        }

        /// Ends the client's connections, so that it greets the server anew.
        func drop() throws {
            for type in ["normal", "pubsub"] { try tell("CLIENT", "KILL", "TYPE", type, "SKIPME", "yes") }
        }

        func info(_ section: String, says text: String) throws -> Bool {
            try wire.command(["INFO", section]).text?.contains(text) == true
        }
    }

    let testDescription: String
    let code: LockError.Code
    /// What the error tells its reader.
    let says: String
    var config: [String] = []
    let begin: @Sendable (Patient) async throws -> Void
    let end: @Sendable (Patient) async throws -> Void

    private init(
        _ name: String, _ code: LockError.Code, _ says: String, config: [String] = [],
        begin: @escaping @Sendable (Patient) async throws -> Void,
        end: @escaping @Sendable (Patient) async throws -> Void
    ) {
        testDescription = name
        (self.code, self.says, self.config, self.begin, self.end) = (code, says, config, begin, end)
    }

    private static func setting(
        _ name: String, _ says: String, _ setting: String, _ bad: String, _ good: String
    ) -> Refusal {
        Refusal(name, .unavailable, says) {
            try $0.tell("CONFIG", "SET", setting, bad)
        } end: {
            try $0.tell("CONFIG", "SET", setting, good)
        }
    }

    static let all: [Refusal] = [
        setting("OOM", "out of memory", "maxmemory", "1", "0"),
        setting("NOREPLICAS", "wants more replicas", "min-replicas-to-write", "1", "0"),
        readOnly, masterDown, misconfigured, busy, loading, full, noPermission, wrongPassword, noPassword,
    ]

    private static let readOnly = Refusal("READONLY", .unavailable, "is a replica") {
        try $0.tell("REPLICAOF", "127.0.0.1", "1")
    } end: {
        try $0.tell("REPLICAOF", "NO", "ONE")
    }

    private static let masterDown = Refusal(
        "MASTERDOWN", .unavailable, "replica", config: ["replica-serve-stale-data no"]
    ) {
        try $0.tell("REPLICAOF", "127.0.0.1", "1")
    } end: {
        try $0.tell("REPLICAOF", "NO", "ONE")
    }

    /// Where the data file would be is a folder: a disk that takes nothing, also from root.
    private static let misconfigured = Refusal("MISCONF", .unavailable, "cannot save", config: ["save 3600 1"]) { it in
        let path = it.server.folder.path + "/dump.rdb"
        try FileManager.default.createDirectory(atPath: path + "/full", withIntermediateDirectories: true)
        try it.tell("BGSAVE")
        try await eventually("the save has failed") { try it.info("persistence", says: "rdb_last_bgsave_status:err") }
    } end: { it in
        try FileManager.default.removeItem(atPath: it.server.folder.path + "/dump.rdb")
        try it.tell("BGSAVE")
        try await eventually("the save went well") { try it.info("persistence", says: "rdb_last_bgsave_status:ok") }
    }

    private static let busy = Refusal(
        "BUSY", .unavailable, "script of another client", config: ["busy-reply-threshold 50"]
    ) { it in
        let script = "while true do end"
        try RawConnection(unix: it.server.socket).write(
            Array("*3\r\n$4\r\nEVAL\r\n$\(script.utf8.count)\r\n\(script)\r\n$1\r\n0\r\n".utf8))
        try await eventually("it is busy") {
            if case .error(let text) = try it.wire.command(["PING"]) { text.hasPrefix("BUSY") } else { false }
        }
    } end: {
        try $0.tell("SCRIPT", "KILL")
    }

    /// Twelve thousand keys, each of which takes it 0.1 ms to read.
    private static let loading = Refusal(
        "LOADING", .unavailable, "reading its data",
        config: ["key-load-delay 100", "loading-process-events-interval-bytes 1024"]
    ) { it in
        try it.tell("DEBUG", "POPULATE", "12000")
        try it.tell("SAVE")
        it.server.kill()
        try await it.server.start(untilLoaded: false)
    } end: { it in
        let wire = try RawConnection(unix: it.server.socket)
        try await eventually("it has read its data") {
            if case .error = try wire.command(["PING"]) { false } else { true }
        }
    }

    private static let full = Refusal("maxclients", .unavailable, "maxclients") { it in
        try it.tell("CONFIG", "SET", "maxclients", "1")
        try it.drop()
    } end: {
        try $0.tell("CONFIG", "SET", "maxclients", "1000")
    }

    private static let noPermission = Refusal("NOPERM", .denied, "lacks a permission") {
        try $0.tell("ACL", "SETUSER", "locks", "resetkeys")
    } end: {
        try $0.tell("ACL", "SETUSER", "locks", "~*")
    }

    private static let wrongPassword = Refusal("WRONGPASS", .denied, "no such user and password") {
        try $0.tell("ACL", "SETUSER", "locks", "resetpass", ">another")
        try $0.drop()
    } end: {
        try $0.tell("ACL", "SETUSER", "locks", ">secret")
    }

    private static let noPassword = Refusal("the user was removed", .denied, "no such user and password") {
        try $0.tell("ACL", "DELUSER", "locks")
    } end: {
        try $0.tell("ACL", "SETUSER", "locks", "on", ">secret", "~*", "&*", "+@all")
    }
}
#endif
