#if Redis
import Foundation
import Holdfast
import Synchronization
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    @Suite(.timeLimit(.minutes(10))) struct ManyNamesTests {
        private static let tasks = 64
        /// Two days, in milliseconds.
        private static let counterLife = 172_800_000

        /// `HOLDFAST_NAMES=1000000` for a run by hand, which prints what it found.
        private static let names = ProcessInfo.processInfo.environment["HOLDFAST_NAMES"].flatMap(Int.init) ?? 20_000

        @Test func `of names that were locked once nothing stays but a counter that expires`() async throws {
            let server = try await RedisServer()
            let backend = try RedisBackend(server.configuration)
            try await LockClient.withClient(backend: backend) { client in
                for number in 0..<1000 { try await client.withLock(LockKey(unchecked: "warm\(number)")) { _ in } }
                let before = (try Self.resident(), try Self.used(by: server))
                let began = ContinuousClock.now
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<Self.tasks {
                        group.addTask {
                            for number in stride(from: task, to: Self.names, by: Self.tasks) {
                                try await client.withLock(LockKey(unchecked: "name\(number)")) { _ in }
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                let took = ContinuousClock.now - began
                let after = (try Self.resident(), try Self.used(by: server))
                let each = (after.1 - before.1) / Self.names
                print(
                    "\(Self.names) names in \(took); the client \(before.0) -> \(after.0) KiB, "
                        + "the server \(before.1) -> \(after.1) bytes: \(each) a name")
                // Not a kilobyte a name, of which the test's own tasks have their part.
                #expect(after.0 - before.0 < Self.names, "the client grew by \(after.0 - before.0) KiB")
            }
            let size = try server.command("DBSIZE").int
            #expect(size == Int64(Self.names + 1000))
            for number in stride(from: 0, to: Self.names, by: max(1, Self.names / 100)) {
                let counter = "{lock:name\(number)}:hf:t"
                let life = Int(try server.command("PTTL", counter).int ?? -2)
                #expect(life > Self.counterLife / 2 && life <= Self.counterLife, "\(counter) lives \(life) ms")
            }
            let known = backend.roster.state.withLock { [$0.claims.count, $0.groups.count, $0.elsewhere.count] }
            #expect(known == [0, 0, 0], "\(known)")
        }

        /// This process's memory, in KiB.
        private static func resident() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            return try #require(line?.split(whereSeparator: \.isWhitespace)[1]).description.withCString { atol($0) }
        }

        private static func used(by server: RedisServer) throws -> Int {
            let info = try server.command("INFO", "memory").text ?? ""
            let line = info.split(whereSeparator: \.isNewline).first { $0.hasPrefix("used_memory:") }
            return Int(try #require(line?.dropFirst(12))) ?? 0
        }
    }
}
#endif
