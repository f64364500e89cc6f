import Dispatch
import Glibc
import Holdfast

extension StoreProbe {
    /// Handles deliveries, one at a time, until its input ends: `MESSAGE BEFORE AFTER`, the pauses around the effect in
    /// microseconds. Says `done MESSAGE ran|found RESULT`, or `failed MESSAGE CODE`.
    ///
    /// Each body that comes as far as its effect enters its message in the witness.
    static func once(_ locks: LockClient, _ name: String, _ way: String, _ words: [String]) async throws {
        let (witness, ledger) = (words[0], words[1])
        // The first request opens files and connections.
        try await locks.withLock(LockKey("\(name)/warm-up/\(getpid())")) { _ in }
        say("ready")
        for await line in lines() {
            let numbers = line.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 3 else { return say("failed \(line)") }
            let message = numbers[0]
            let key = LockKey("\(name)/\(message)")
            let body: @Sendable () async throws -> String = {
                try await work(numbers[1])
                if let ledger = try Ledgers.open(ledger), try ledger.begin(message) {
                    try await work(numbers[2])
                    try ledger.commit()
                }
                enter("\(message)", in: witness)
                try await work(numbers[2])
                return "\(getpid())"
            }
            do {
                let (result, ran) = try await handle(locks, key, way, body)
                say("done \(message) \(ran ? "ran" : "found") \(result)")
            } catch let error as LockError {
                say("failed \(message) \(error.code)")
            }
        }
    }

    private static func handle(
        _ locks: LockClient, _ key: LockKey, _ way: String, _ body: @escaping @Sendable () async throws -> String
    ) async throws -> (String, Bool) {
        switch way {
        case "once":
            let result = try await locks.once(key) { _ in try await body() }
            return (result.value, result.ranNow)
        case "early":
            let result = try await locks.once(key) { _ in "recorded" }
            if result.ranNow { _ = try await body() }
            return (result.value, result.ranNow)
        default:
            return (try await body(), true)
        }
    }

    /// What a body does beside its effect.
    private static func work(_ microseconds: Int) async throws {
        try await ContinuousClock().sleep(for: .microseconds(microseconds))
    }

    /// One write, which a kill does not tear.
    private static func enter(_ line: String, in witness: String) {
        let file = open(witness, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        defer { close(file) }
        let text = line + "\n"
        write(file, text, text.utf8.count)
    }

    /// Of the standard input, read by a thread that may wait for it.
    ///
    /// Not by `readLine`: that would keep the stream's lock, and flushing all streams would wait for the next line.
    private static func lines() -> AsyncStream<String> {
        let (lines, source) = AsyncStream.makeStream(of: String.self)
        DispatchQueue.global().async {
            var line: [UInt8] = []
            var byte: UInt8 = 0
            while read(0, &byte, 1) == 1 {
                guard byte == UInt8(ascii: "\n") else {
                    line.append(byte)
                    continue
                }
                source.yield(String(decoding: line, as: UTF8.self))
                line = []
            }
            source.finish()
        }
        return lines
    }
}
