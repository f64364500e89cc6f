import Foundation
package import Glibc

/// Processes as the kernel shows them: zombies do not run.
package enum Kernel {
    package static func runs(_ process: pid_t) -> Bool {
        guard let state = fields(of: process)?.first else { return false }
        return state != "Z" && state != "X"
    }

    package static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        if terminal >= 0 { close(terminal) }
        return terminal >= 0
    }

    package static func group(of process: pid_t) -> pid_t? { fields(of: process).flatMap { pid_t($0[2]) } }

    package static func children(of process: pid_t) -> [pid_t] {
        let path = "/proc/\(process)/task/\(process)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { pid_t($0) }
    }

    /// Whether a process has a TCP connection to this port.
    package static func isConnected(_ process: pid_t, to port: Int) -> Bool {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/\(process)/fd")) ?? []
        let targets = files.compactMap {
            try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(process)/fd/\($0)")
        }
        let sockets = Set(targets.filter { $0.hasPrefix("socket:[") }.map { $0.dropFirst(8).dropLast() })
        let table = (try? String(contentsOfFile: "/proc/net/tcp", encoding: .utf8)) ?? ""
        let ending = ":" + String(port, radix: 16, uppercase: true)
        return table.split(separator: "\n").dropFirst().contains { line in
            let fields = line.split(separator: " ")
            return fields.count > 9 && fields[2].hasSuffix(ending) && fields[3] == "01" && sockets.contains(fields[9])
        }
    }

    /// What stands after the name: state, parent, group, …
    private static func fields(of process: pid_t) -> [Substring]? {
        guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
            let end = text.lastIndex(of: ")")
        else { return nil }
        return text[text.index(after: end)...].split(separator: " ")
    }
}
