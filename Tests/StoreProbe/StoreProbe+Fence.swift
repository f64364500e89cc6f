import Glibc
import Holdfast

extension StoreProbe {
    /// Adds 10 to a balance in a user's own database under a lock: reads it, and writes. Who stops in between adds 1.
    ///
    /// How it writes: `none` (no token), `condition` (`AND fence <= token`), or `trigger`. Says what it read, and what
    /// became of the write.
    static func fence(_ locks: LockClient, _ key: LockKey, _ words: [String]) async throws {
        let (place, how, stops) = (words[0], words[1], words[2] == "stops")
        do {
            try await locks.withLock(key, options: LockOptions(timeToLive: .seconds(1))) { lease in
                guard let ledger = try Ledgers.open(place) else { throw Ledgers.Failure(text: "no ledger: \(place)") }
                let balance = try ledger.number("SELECT balance FROM ledger WHERE id = 1")
                say("read \(balance)")
                // Every thread of this process, until somebody continues it: a frozen machine, a long pause.
                if stops { raise(SIGSTOP) }
                let changed = try ledger.change(update(balance + (stops ? 1 : 10), lease.token, how))
                say(changed == 1 ? "written" : "refused")
            }
        } catch let error as LockError where error.code == .leaseLost {
            say("lost")
        }
    }

    private static func update(_ balance: Int64, _ token: FencingToken, _ how: String) -> String {
        switch how {
        case "none": "UPDATE ledger SET balance = \(balance) WHERE id = 1"
        case "condition":
            "UPDATE ledger SET balance = \(balance), fence = \(token) WHERE id = 1 AND fence <= \(token)"
        default: "UPDATE ledger SET balance = \(balance), fence = \(token) WHERE id = 1"
        }
    }
}
