#if MySQL
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastMySQL

/// An effect and its once-key in one transaction: messages that come several times are applied exactly once.
@Suite(.serialized, .timeLimit(.minutes(2))) struct OnceKeyTests {
    private static let messages = 40
    private static let deliveries = 5

    /// How an effect is kept from being applied again.
    enum Recipe: String, CaseIterable {
        /// Key and effect commit together.
        case together
        /// The key commits before the effect.
        case before
        /// Nothing keeps it.
        case none
    }

    @Test(arguments: Recipe.allCases)
    func `duplicates apply an effect exactly once, where the key commits with it`(_ recipe: Recipe) async throws {
        let corner = try await Corner()
        let shop = Shop(corner, recipe)
        try await shop.make(Self.messages)
        shop.queue.withLock { $0 = (0..<Self.messages * Self.deliveries).map { $0 % Self.messages }.shuffled() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<8 {
                group.addTask {
                    while let message = shop.queue.withLock({ $0.popLast() }) {
                        // What was not acknowledged comes again.
                        while try await !shop.deliver(message) {}
                    }
                }
            }
            try await group.waitForAll()
        }
        #expect(shop.kills >= Self.messages)
        let times = try await shop.times()
        #expect(times.count == Self.messages)
        switch recipe {
        case .together: #expect(times.allSatisfy { $0 == 1 }, "\(times)")
        case .before: #expect(times.contains(0))
        case .none: #expect(times.allSatisfy { $0 > 1 })
        }
    }
}

/// What messages act on.
private final class Shop: Sendable {
    /// What is still to be delivered.
    let queue = Mutex<[Int]>([])
    private let corner: Corner
    private let recipe: OnceKeyTests.Recipe
    private let attempts = Mutex<[Int: Int]>([:])
    private let killed = Atomic(0)

    init(_ corner: Corner, _ recipe: OnceKeyTests.Recipe) {
        self.corner = corner
        self.recipe = recipe
    }

    var kills: Int { killed.load(ordering: .relaxed) }
    private var keys: String { "once_keys_\(recipe)" }
    private var effects: String { "once_effects_\(recipe)" }

    func make(_ messages: Int) async throws {
        let rows = (0..<messages).map { "(\($0), 0)" }.joined(separator: ",")
        let answer = try await corner.ask(
            """
            CREATE TABLE \(keys) (once_key VARBINARY(512) PRIMARY KEY) ENGINE=InnoDB; \
            CREATE TABLE \(effects) (id INT PRIMARY KEY, times INT NOT NULL) ENGINE=InnoDB; \
            INSERT INTO \(effects) VALUES \(rows)
            """)
        if let fault = answer.fault { throw fault }
    }

    /// How often each message's effect was applied.
    func times() async throws -> [Int] {
        let answer = try await corner.ask("SELECT times FROM \(effects) ORDER BY id")
        return (answer.results.first?.rows ?? []).compactMap { $0.first.flatMap { $0 }.flatMap { Int($0) } }
    }

    /// Applies a message, on a session of its own: the first attempt is killed before it commits, the second while it
    /// does.
    ///
    /// - Returns: whether it was acknowledged.
    func deliver(_ message: Int) async throws -> Bool {
        let attempt = attempts.withLock { attempts in
            defer { attempts[message, default: 0] += 1 }
            return attempts[message, default: 0]
        }
        let session = try await corner.server.session()
        let isDone = await apply(message, attempt, session)
        await session.close()
        return isDone
    }

    private func apply(_ message: Int, _ attempt: Int, _ session: MySQLSession) async -> Bool {
        do throws(LockError) {
            guard try await isNew(message, session) else { return try await ask("COMMIT", session) }
            guard try await ask("UPDATE \(effects) SET times = times + 1 WHERE id = \(message)", session) else {
                return false
            }
            if attempt == 0 { await kill(session) }
            async let killing: Void = attempt == 1 ? kill(session) : ()
            let isDone = try await ask("COMMIT", session)
            await killing
            return isDone
        } catch {
            return false
        }
    }

    private func isNew(_ message: Int, _ session: MySQLSession) async throws(LockError) -> Bool {
        guard recipe != .none else { return try await ask("START TRANSACTION", session) }
        let end = recipe == .before ? "; COMMIT; START TRANSACTION" : ""
        let answer = try await session.run(
            "START TRANSACTION; INSERT IGNORE INTO \(keys) VALUES ('message \(message)')\(end)", within: .seconds(10))
        if let fault = answer.fault { throw fault.lockError("delivery") }
        guard case .done(let changed, _) = answer.results[1] else { return false }
        return changed == 1
    }

    private func ask(_ text: String, _ session: MySQLSession) async throws(LockError) -> Bool {
        try await session.run(text, within: .seconds(10)).fault == nil
    }

    private func kill(_ session: MySQLSession) async {
        killed.wrappingAdd(1, ordering: .relaxed)
        _ = try? await corner.ask("KILL \(session.number)")
    }
}
#endif
