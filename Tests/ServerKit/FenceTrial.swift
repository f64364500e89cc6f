import Glibc
package import Testing

/// A holder that is stopped past its time to live, in a process of its own, and a user's own table.
package enum FenceTrial {
    /// What stands between the table and a holder that wakes too late.
    package enum Guard: String, Sendable, CaseIterable {
        /// Nothing, so that it is seen that there is something to lose.
        case none
        /// `AND fence <= token`.
        case condition
        case trigger

        /// SQL of all databases that makes the table anew, each statement by itself.
        ///
        /// - Parameter trigger: the statements that add the column and the trigger to the table `ledger`.
        package func statements(_ trigger: [String]) -> [String] {
            let table = [
                "DROP TABLE IF EXISTS ledger", "CREATE TABLE ledger (id INTEGER PRIMARY KEY, balance BIGINT NOT NULL)",
                "INSERT INTO ledger VALUES (1, 0)",
            ]
            switch self {
            case .none: return table
            case .condition: return table + ["ALTER TABLE ledger ADD COLUMN fence BIGINT NOT NULL DEFAULT 0"]
            case .trigger: return table + trigger
            }
        }
    }

    private static let key = "ledger/1"

    /// Three add to a balance under a lock: 1, by what was read before it was stopped for too long; 10; and 10.
    ///
    /// - Parameters:
    ///   - store: its URL.
    ///   - place: the database with the table, as the program StoreProbe takes it.
    package static func run(
        _ guarded: Guard, on store: String, _ place: String, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let folder = try ScratchFolder()
        func start(_ how: String) throws -> Running {
            let words = ["fence", store, key, place, guarded.rawValue, how]
            return try Running(Probe.path(), words, [:], outputIn: folder.path)
        }
        let first = try start("stops")
        #expect(try await said(1, by: first) == ["read 0"], sourceLocation: sourceLocation)
        // Served when the first one's life is over.
        #expect(try await whole(start("goes")) == ["read 0", "written"], sourceLocation: sourceLocation)
        first.send(SIGCONT)
        let (outcome, balance) = guarded == .none ? ("written", 1) : ("refused", 10)
        #expect(try await whole(first) == ["read 0", outcome, "lost"], sourceLocation: sourceLocation)
        // What was acknowledged is there; without a guard 10 of it is lost.
        #expect(try await whole(start("goes")) == ["read \(balance)", "written"], sourceLocation: sourceLocation)
    }

    /// What a holder says up to its end.
    private static func whole(_ holder: Running) async throws -> [String] {
        let status = try await holder.end()
        guard status == 0 else { throw TestFailure("a holder ended with \(status): \(holder.errors)") }
        return lines(of: holder)
    }

    private static func said(_ count: Int, by holder: Running) async throws -> [String] {
        try await eventually("the holder has said \(count) lines", within: .seconds(20)) {
            guard holder.isRunning else { throw TestFailure("a holder ended: \(holder.errors)") }
            return lines(of: holder).count >= count
        }
        return lines(of: holder)
    }

    private static func lines(of holder: Running) -> [String] {
        holder.output.split(separator: "\n").map { String($0) }
    }
}
