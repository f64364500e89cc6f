import Glibc
import Holdfast
import HoldfastStores

/// A process for the store's tests: it contends, holds or waits, and may be killed at any time.
///
/// `contend URL KEY WITNESS SECONDS`, `hold URL KEY`, `wait URL KEY`, `queue URL KEY COUNT`, `records URL KEY JOURNAL`,
/// `fence URL KEY LEDGER HOW stops|goes`, `once URL NAME once|bare|early WITNESS LEDGER`,
/// `update URL KEY HOW WRITERS WORK SECONDS`.
@main
enum StoreProbe {
    static func main() async throws {
        let arguments = CommandLine.arguments
        // Has a client for each of the services that it stands for.
        guard arguments[1] != "update" else { return try await update(arguments[2], Array(arguments[3...])) }
        let backend = try StoreURL(arguments[2]).open()
        var configuration = LockClientConfiguration()
        configuration.label = "probe"
        if arguments[1] == "once" { configuration.timeToLive = .seconds(2) }
        try await LockClient.withClient(backend: backend, configuration: configuration) { locks in
            switch arguments[1] {
            case "contend": try await contend(locks, arguments[3], Witness(arguments[4]), arguments[5])
            case "hold": try await hold(locks, LockKey(arguments[3]))
            case "queue": try await queue(locks, LockKey(arguments[3]), arguments[4])
            case "records": try await records(backend, arguments[3], arguments[4])
            case "once": try await once(locks, arguments[3], arguments[4], Array(arguments[5...]))
            case "fence": try await fence(locks, LockKey(arguments[3]), Array(arguments[4...]))
            default: try await wait(locks, LockKey(arguments[3]))
            }
        }
    }

    /// Takes the lock again and again, and lets the witness see whether it was alone and its token new.
    private static func contend(
        _ locks: LockClient, _ key: String, _ witness: Witness, _ seconds: String
    ) async throws {
        let end = ContinuousClock.now + .seconds(Int(seconds) ?? 1)
        let key = try LockKey(key)
        let turns = try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    var turns = 0
                    while ContinuousClock.now < end {
                        try await locks.withLock(key) { try witness.see($0.token) }
                        turns += 1
                    }
                    return turns
                }
            }
            return try await group.reduce(0, +)
        }
        say("turns \(turns)")
    }

    private static func hold(_ locks: LockClient, _ key: LockKey) async throws {
        try await locks.withLock(key) { lease in
            say("held \(lease.token)")
            let loss = await lease.whenLost()
            say("lost \(loss?.rawValue ?? "-")")
        }
    }

    private static func wait(_ locks: LockClient, _ key: LockKey) async throws {
        try await locks.withLock(key) { say("held \($0.token)") }
    }

    /// Waits in many tasks at once.
    private static func queue(_ locks: LockClient, _ key: LockKey, _ count: String) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<(Int(count) ?? 1) { group.addTask { try await locks.withLock(key) { _ in } } }
            try await group.waitForAll()
        }
    }

    static func say(_ text: String) {
        print(text)
        fflush(nil)
    }
}

/// A file that shows whether two hold one lock: locked by the kernel while one is inside, with the last token in it.
struct Witness: Sendable {
    struct Contradiction: Error, CustomStringConvertible { let description: String }
    private let path: String

    init(_ path: String) { self.path = path }

    func see(_ token: FencingToken) throws {
        let file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        defer { close(file) }
        guard flock(file, LOCK_EX | LOCK_NB) == 0 else { throw report("two hold one lock: token \(token)") }
        var last: Int64 = 0
        pread(file, &last, 8, 0)
        guard token.rawValue > last else { throw report("token \(token) after \(last)") }
        var new = token.rawValue
        pwrite(file, &new, 8, 0)
    }

    /// Kept beside the witness, also where nobody reads what this process says.
    private func report(_ text: String) -> Contradiction {
        let file = open(path + ".contradictions", O_WRONLY | O_CREAT | O_APPEND, 0o600)
        write(file, text + "\n", text.utf8.count + 1)
        close(file)
        return Contradiction(description: text)
    }
}
