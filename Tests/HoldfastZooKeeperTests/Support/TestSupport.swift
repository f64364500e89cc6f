#if ZooKeeper
import Foundation
import Glibc
import Testing

/// What a test's surroundings could not do.
struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// A folder, removed with this object.
final class ScratchFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/holdfast-zookeeper-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("no folder in /tmp") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

/// Waits for a state, with a bound.
func eventually(
    _ what: String, within bound: Duration = .seconds(10), sourceLocation: SourceLocation = #_sourceLocation,
    _ holds: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + bound
    while try await !holds() {
        guard ContinuousClock.now < end else {
            Issue.record("not within \(bound): \(what)", sourceLocation: sourceLocation)
            throw TestFailure("not within \(bound): \(what)")
        }
        try await Task.sleep(for: .milliseconds(5))
    }
}

enum FreePort {
    /// A port of the loopback that nobody had a moment ago.
    static func find() throws -> Int {
        let descriptor = socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let code = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(descriptor, pointer, size) == 0 ? getsockname(descriptor, pointer, &size) : -1
            }
        }
        guard code == 0 else { throw TestFailure("no free port") }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}

enum Shell {
    /// Runs a program to its end; its output, where it succeeds.
    @discardableResult
    static func run(_ words: String...) throws -> String { try finish(words) }

    /// The same, elsewhere than on the few threads that all tasks share.
    @discardableResult
    static func output(_ words: String...) async throws -> String {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try finish(words) }) }
        }
    }

    private static func finish(_ words: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        let (output, errors) = (Pipe(), Pipe())
        process.standardOutput = output
        process.standardError = errors
        try process.run()
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw TestFailure("\(words.joined(separator: " ")): \(complaint)") }
        return text
    }
}
#endif
