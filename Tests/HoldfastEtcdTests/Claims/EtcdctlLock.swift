#if Etcd
import Foundation
import ServerKit
import Testing

/// `etcdctl lock`, as a process that holds until it is told to end: Go's `concurrency.Mutex`.
final class EtcdctlLock: @unchecked Sendable {
    // Only ever used by one test's task: start, then ask, then release.
    private let process = Process()
    private let folder: ScratchFolder

    /// Starts it, and does not wait.
    init(_ server: EtcdServer, _ name: String) throws {
        folder = try ScratchFolder()
        process.executableURL = URL(fileURLWithPath: EtcdControl.path)
        process.arguments = [
            "--endpoints", "http://127.0.0.1:\(server.port)", "lock", name, "--", "sh", "-c",
            "touch \(folder.path)/held; while ! test -e \(folder.path)/enough; do sleep 0.01; done",
        ]
        process.environment = ["ETCDCTL_API": "3", "PATH": "/usr/bin:/bin"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
    }

    var isHeld: Bool { FileManager.default.fileExists(atPath: folder.path + "/held") }

    func held() async throws { try await eventually("etcdctl has the lock") { isHeld } }

    /// Returns when it has ended.
    func release() async throws {
        _ = FileManager.default.createFile(atPath: folder.path + "/enough", contents: nil)
        try await eventually("etcdctl has ended") { !process.isRunning }
    }

    deinit { if process.isRunning { process.terminate() } }
}
#endif
