#if MySQL
import Holdfast
import HoldfastSQL

extension NamedBackend: BareStore {
    /// A try and an unlock, sent without any bookkeeping.
    func bareCycle(_ number: UInt64) async throws(LockError) {
        let name = SQLText.quoted("holdfast bare \(number)")
        _ = try await ask(bare[0], "SELECT GET_LOCK(\(name),0)")
        _ = try await ask(bare[0], "SELECT RELEASE_LOCK(\(name))")
    }

    /// From an unlock until another session, which waits, has the lock.
    func barePush(_ number: UInt64) async throws(LockError) -> Duration {
        let name = SQLText.quoted("holdfast bare \(number)")
        _ = try await ask(bare[0], "SELECT GET_LOCK(\(name),0)")
        let waiter = try await ask(bare[1], "SELECT CONNECTION_ID()") ?? "0"
        async let granted = granted(name)
        let waits =
            "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE ID = \(waiter) AND STATE = 'User lock'"
        while try await ask(bare[0], waits) == "0" { await Task.yield() }
        let start = ContinuousClock.now
        _ = try await ask(bare[0], "SELECT RELEASE_LOCK(\(name))")
        let end = await granted
        _ = try await ask(bare[1], "SELECT RELEASE_LOCK(\(name))")
        return try end.get() - start
    }

    private func granted(_ name: String) async -> Result<ContinuousClock.Instant, LockError> {
        do throws(LockError) {
            _ = try await ask(bare[1], "SELECT GET_LOCK(\(name),10)")
            return .success(ContinuousClock.now)
        } catch {
            return .failure(error)
        }
    }

    private func ask(_ pool: MySQLPool, _ text: String) async throws(LockError) -> String? {
        let answer = try await pool.run(text)
        if let fault = answer.fault { throw fault.lockError(configuration.description) }
        return answer.results.first?.first
    }
}
#endif
