import Foundation
import Testing

/// The program FenceProbe: a process of its own, beside this one.
final class ProbeProcess {
    private let process = Process()
    private let output = Pipe()
    private var rest = Data()

    init(_ arguments: String...) throws {
        let bundle = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        process.executableURL = URL(fileURLWithPath: bundle).deletingLastPathComponent().appending(path: "FenceProbe")
        process.arguments = arguments
        process.standardOutput = output
        try process.run()
    }

    /// What it says next; `nil` at its end. Blocks its thread.
    func line() -> String? {
        while true {
            if let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                defer { rest = Data(rest[rest.index(after: end)...]) }
                return String(decoding: rest[..<end], as: UTF8.self)
            }
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { return nil }
            rest += more
        }
    }

    func resume() { kill(process.processIdentifier, SIGCONT) }

    func waitUntilExit() -> Int32 {
        process.waitUntilExit()
        return process.terminationStatus
    }

    deinit {
        guard process.isRunning else { return }
        kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }
}
