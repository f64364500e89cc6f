import Foundation
package import Glibc
import Testing

/// A store of its own in a fresh directory, and the `holdfast` commands that a test runs on it.
package final class Scratch: Sendable {
    package let directory: String
    private let store: String

    /// - Parameter store: where the commands lock; an embedded store by default.
    package init(store: String? = nil) throws {
        var template = Array((NSTemporaryDirectory() + "/holdfast-cli-XXXXXX").utf8CString)
        directory = String(cString: try #require(mkdtemp(&template)))
        self.store = store ?? "sqlite://\(directory)/locks.sqlite"
    }

    deinit { try? FileManager.default.removeItem(atPath: directory) }

    package func path(_ name: String) -> String { directory + "/" + name }

    /// Starts `holdfast` with the arguments.
    package func start(_ arguments: String...) throws -> Running { try start(Self.binary, arguments) }

    /// Starts a shell, where `$HOLDFAST` is the command.
    package func shell(_ script: String) throws -> Running { try start("/bin/sh", ["-c", script]) }

    /// Runs `holdfast` to its end.
    package func run(_ arguments: String...) async throws -> Running { try await run(arguments) }

    package func run(_ arguments: [String]) async throws -> Running {
        let running = try start(Self.binary, arguments)
        try await running.end()
        return running
    }

    private func start(_ executable: String, _ arguments: [String]) throws -> Running {
        // What this user has set is not under test.
        var environment = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("HOLDFAST_") }
        environment["XDG_CONFIG_HOME"] = directory
        environment["HOLDFAST_STORE"] = store
        environment["HOLDFAST"] = Self.binary
        environment["DIR"] = directory
        return try Running(executable, arguments, environment, outputIn: directory)
    }

    /// Beside the test bundle, wherever the build is.
    private static let binary: String = {
        let bundle = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        return URL(fileURLWithPath: bundle).deletingLastPathComponent().appendingPathComponent("holdfast").path
    }()
}

extension Scratch {
    /// The number that a command wrote into a file of the scratch directory.
    package func number(in name: String) async throws -> pid_t {
        var number: pid_t?
        try await eventually("\(name) is written") {
            let text = (try? String(contentsOfFile: self.path(name), encoding: .utf8)) ?? ""
            // Whole only with its line end.
            number = text.hasSuffix("\n") ? pid_t(text.dropLast()) : nil
            return number != nil
        }
        return try #require(number)
    }

    package func exists(_ name: String) -> Bool { FileManager.default.fileExists(atPath: path(name)) }

    /// The claims that `ls --json` shows on a key.
    package func claims(on prefix: String = "") async throws -> [Listed] {
        let listing = try await run("ls", "--json", prefix)
        try #require(listing.status == 0, "\(listing.errors)")
        return try JSONDecoder().decode([Listed].self, from: Data(listing.output.utf8))
    }

    package struct Listed: Decodable {
        package struct Owner: Decodable {
            package let host: String
            package let pid: Int32
            package let program: String
        }
        package let key: String
        package let state: String
        package let mode: String
        package let owner: Owner
        package let token: String?
        package let age_ms: Int64
        package let time_left_ms: Int64
    }
}
