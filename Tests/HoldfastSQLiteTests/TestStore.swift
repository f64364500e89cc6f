#if SQLite
import Foundation
import Glibc
import Holdfast
import HoldfastSQLite
import ServerKit
import Testing

/// A store of its own in a folder of its own, removed at the end.
final class TestStore: Sendable {
    let folder: String
    var path: String { folder + "/locks.db" }
    var url: String { "sqlite://" + path }
    var witness: String { folder + "/witness" }

    init() throws {
        var template = Array((FileManager.default.temporaryDirectory.path + "/holdfast-XXXXXX").utf8CString)
        guard mkdtemp(&template) != nil else { throw CocoaError(.fileWriteUnknown) }
        folder = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    var contradictions: String? { try? String(contentsOfFile: witness + ".contradictions", encoding: .utf8) }

    func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }
    func remove() throws { try FileManager.default.removeItem(atPath: path) }
}

extension Claim {
    static func test(_ number: UInt64, _ key: LockKey, _ mode: LockMode = .exclusive) throws -> Claim {
        try Claim(
            id: ID(client: 7, sequence: number), parts: [.init(key, mode)], timeToLive: .seconds(30),
            owner: Owner(host: "host", processID: 1, program: "test"))
    }
}

extension Placement {
    var token: FencingToken? { if case .held(let grant) = self { grant.token } else { nil } }
}

/// A probe process, and what it says.
final class Probe: Sendable {
    private let process: pid_t
    private let output: FileHandle

    init(_ arguments: String...) throws {
        let folder = Bundle.allBundles.map(\.bundlePath).first { $0.hasSuffix(".xctest") } ?? CommandLine.arguments[0]
        let path = URL(fileURLWithPath: folder).deletingLastPathComponent().appendingPathComponent("StoreProbe").path
        let pipe = Pipe()
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, pipe.fileHandleForWriting.fileDescriptor, 1)
        actions.closeOthers()
        var words = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for word in words { free(word) } }
        var process = pid_t()
        let code = posix_spawn(&process, path, &actions, nil, &words, environ)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EIO) }
        try pipe.fileHandleForWriting.close()
        self.process = process
        output = pipe.fileHandleForReading
    }

    /// Sends a signal; SIGKILL by default.
    func kill(_ signal: Int32 = SIGKILL) { Glibc.kill(process, signal) }

    /// Waits for the end of the process.
    @discardableResult
    func end() -> Int32 {
        var status: Int32 = 0
        while waitpid(process, &status, 0) < 0, errno == EINTR {}
        return status
    }

    /// The next line, blocking; `nil` at the end.
    func line() -> String? {
        var bytes: [UInt8] = []
        while let byte = try? output.read(upToCount: 1)?.first {
            guard byte != UInt8(ascii: "\n") else { return String(decoding: bytes, as: UTF8.self) }
            bytes.append(byte)
        }
        return bytes.isEmpty ? nil : String(decoding: bytes, as: UTF8.self)
    }

    /// User and system time so far, in seconds.
    var cpuSeconds: Double {
        let stat = (try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8)) ?? ""
        let fields = stat.split(separator: ")").last?.split(separator: " ") ?? []
        guard fields.count > 13, let user = Double(fields[11]), let system = Double(fields[12]) else { return 0 }
        return (user + system) / Double(sysconf(Int32(_SC_CLK_TCK)))
    }
}
#endif
