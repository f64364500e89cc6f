#if Postgres
import Holdfast

extension PostgresFault {
    /// Whether the same statement may go through when it is sent again: a deadlock, a lock that was not to be
    /// had, or a statement that the session no longer keeps.
    var isTransient: Bool { ["40P01", "40001", "55P03", KeptStatements.noSuchStatement].contains(state) }

    /// Whether what the statement calls is not there.
    var isMissing: Bool { ["42P01", "42883", "3F000"].contains(state) }

    /// What a caller hears. Nothing of the statement was done.
    func lockError(_ target: String) -> LockError {
        let (code, remedy) = meaning
        return LockError(code, "\(target): \(message) [\(state)]\(remedy.isEmpty ? "" : "; \(remedy)")", cause: self)
    }

    /// And what to do about it.
    var meaning: (code: LockError.Code, remedy: String) {
        switch state {
        case "HF001":
            (
                .storeUnusable,
                "locks need READ COMMITTED: ALTER ROLE … SET default_transaction_isolation = 'read committed'"
            )
        case "HF002":
            (.storeUnusable, "the schema was made by another version of Holdfast: use one version, or another schema=")
        case "42501": (.denied, "grant the role what docs/postgres.md lists")
        case "25006", "55000": (.unavailable, "is it a standby? name the primary, or all servers with commas")
        case "53200": (.unavailable, "raise max_locks_per_transaction")
        case "53100": (.unavailable, "make room on the server's disk")
        case "53300": (.unavailable, "raise max_connections, or lower connections=")
        default:
            switch state.prefix(2) {
            // Lost, refused, out of something, told to stop, and the like: another try may succeed.
            case "", "08", "40", "53", "55", "57", "58": (.unavailable, "")
            case "28", "3D": (.denied, "")
            default: (.storeUnusable, "")
            }
        }
    }
}
#endif
