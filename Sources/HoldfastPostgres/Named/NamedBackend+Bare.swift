#if Postgres
import Holdfast

extension NamedBackend: BareStore {
    /// Numbers that no key function gives but by chance.
    private static let bareClass = 0x6261_7265

    /// A try and an unlock, sent without any bookkeeping.
    func bareCycle(_ number: UInt64) async throws(LockError) {
        let arguments = "(\(Self.bareClass), \(Int32(truncatingIfNeeded: number)))"
        for verb in ["pg_try_advisory_lock", "pg_advisory_unlock"] {
            _ = try await ask(bare[0], "SELECT \(verb)\(arguments)")
        }
    }

    /// From an unlock until another session, which waits, has the lock.
    func barePush(_ number: UInt64) async throws(LockError) -> Duration {
        let arguments = "(\(Self.bareClass), \(Int32(truncatingIfNeeded: number)))"
        _ = try await ask(bare[0], "SELECT pg_advisory_lock\(arguments)")
        async let granted = granted(arguments)
        let waits =
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND classid = \(Self.bareClass) AND NOT granted"
        while try await ask(bare[0], waits) == "0" { await Task.yield() }
        let start = ContinuousClock.now
        _ = try await ask(bare[0], "SELECT pg_advisory_unlock\(arguments)")
        let end = await granted
        _ = try await ask(bare[1], "SELECT pg_advisory_unlock\(arguments)")
        return try end.get() - start
    }

    private func granted(_ arguments: String) async -> Result<ContinuousClock.Instant, LockError> {
        do throws(LockError) {
            _ = try await ask(bare[1], "SELECT pg_advisory_lock\(arguments)")
            return .success(ContinuousClock.now)
        } catch {
            return .failure(error)
        }
    }

    private func ask(_ pool: PostgresPool, _ text: String) async throws(LockError) -> String? {
        let answer = try await pool.run([PostgresStatement(text)])
        if case .failed(let fault)? = answer.first { throw fault.lockError(configuration.description) }
        return answer.first?.first
    }
}
#endif
