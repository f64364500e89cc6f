import Foundation

/// Programs that do something and end.
package enum Shell {
    /// Runs a program to its end; its output, where it succeeds.
    @discardableResult
    package static func run(_ words: String...) throws -> String { try finish(words) }

    /// The same, elsewhere than on the few threads that all tasks share.
    @discardableResult
    package static func output(_ words: String...) async throws -> String { try await output(words) }

    @discardableResult
    package static func output(_ words: [String]) async throws -> String {
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
