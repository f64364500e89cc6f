#if Postgres
import Holdfast

extension TableBackend: BareStore {
    private static let bareClient: UInt64 = 0xba4e
    private static let bareLife: Duration = .seconds(30)

    /// The two calls of an exclusive claim, sent without any bookkeeping.
    func bareCycle(_ number: UInt64) async throws(LockError) {
        let claim = try Claim(
            id: Claim.ID(client: Self.bareClient, sequence: number),
            parts: [Claim.Part(LockKey(unchecked: "bench/bare/\(number)"))], timeToLive: Self.bareLife,
            owner: Owner(host: "", processID: 0, program: ""))
        _ = try await call("place", arguments(claim, .always))
        let row = claim.id.row
        _ = try await call("remove", ["\(row.client)", "\(row.number)", "\(ear.number)"])
    }

    /// A message, from its sending until a task has it.
    func barePush(_ number: UInt64) async throws(LockError) -> Duration {
        let id = Claim.ID(client: Self.bareClient, sequence: number)
        guard ear.isListening else {
            throw LockError(.unsupported, "nothing is pushed: this client does not listen")
        }
        roster.placing(id)
        defer { roster.gone(id) }
        async let heard = heard(id)
        let note = "\(TableEar.Note.granted.rawValue) \(id.row.client):\(id.row.number):1"
        let start = ContinuousClock.now
        _ = try await pool.run([PostgresStatement("SELECT pg_notify($1, $2)", [ear.channel, note])])
        switch await heard {
        case .success(let at): return at - start
        case .failure(let error): throw error
        }
    }

    private func heard(_ id: Claim.ID) async -> Result<ContinuousClock.Instant, LockError> {
        do throws(LockError) {
            _ = try await roster.wait(for: id)
            return .success(ContinuousClock.now)
        } catch {
            return .failure(error)
        }
    }
}
#endif
