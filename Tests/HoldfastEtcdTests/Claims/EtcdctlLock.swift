#if Etcd
import Foundation
import ServerKit
import Testing

/// `etcdctl lock`, as a process that holds until it is told to end: Go's `concurrency.Mutex`.
final class EtcdctlLock: Sendable {
    // Without its server it would outlive a request to end.
    private let process: Guardian
    private let folder: ScratchFolder

    /// Starts it, and does not wait.
    init(_ server: EtcdServer, _ name: String) throws {
        folder = try ScratchFolder()
        let (held, enough) = (folder.path + "/held", folder.path + "/enough")
        process = Guardian(
            "/usr/bin/env",
            [
                "ETCDCTL_API=3", EtcdControl.path, "--endpoints", "http://127.0.0.1:\(server.port)", "lock", name, "--",
                "sh", "-c", "touch \(held); while test -e \(held) && ! test -e \(enough); do sleep 0.01; done",
            ])
        try process.start()
    }

    var isHeld: Bool { FileManager.default.fileExists(atPath: folder.path + "/held") }

    func held() async throws { try await eventually("etcdctl has the lock") { isHeld } }

    /// Returns when it has ended.
    func release() async throws {
        _ = FileManager.default.createFile(atPath: folder.path + "/enough", contents: nil)
        try await eventually("etcdctl has ended") { !process.isAlive }
    }
}
#endif
