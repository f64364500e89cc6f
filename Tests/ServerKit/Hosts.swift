import Foundation
import Glibc

/// What one process takes for the hosts of the world: a file mounted over `/etc/hosts` for it alone. Needs root.
package final class Hosts: Sendable {
    package static let name = "store.holdfast.test"
    private let folder: ScratchFolder

    /// The name points nowhere yet.
    package init() throws {
        guard getuid() == 0 else { throw TestFailure("a mount of its own needs root: run the tests as root") }
        folder = try ScratchFolder()
        try "hosts: files\n".write(toFile: folder.path + "/switch", atomically: true, encoding: .utf8)
        try point(to: nil)
    }

    /// In place: another file would not be the one that is mounted.
    package func point(to address: String?) throws {
        let text = address.map { "\($0) \(Self.name)\n" } ?? ""
        try text.write(toFile: folder.path + "/hosts", atomically: false, encoding: .utf8)
    }

    /// A process that sees these hosts.
    package func guardian(_ words: [String]) -> Guardian {
        let mounts =
            "mount --bind \(folder.path)/hosts /etc/hosts && "
            + "mount --bind \(folder.path)/switch /etc/nsswitch.conf && exec \"$@\""
        return Guardian("/usr/bin/unshare", ["-m", "sh", "-c", mounts, "sh"] + words)
    }
}
