import Foundation
import Glibc

/// The program StoreProbe: a process of its own, beside this one.
package enum Probe {
    package static func path() throws -> String {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let path = URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("StoreProbe").path
        guard access(path, X_OK) == 0 else { throw TestFailure("no \(path)") }
        return path
    }
}
