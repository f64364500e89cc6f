#if MySQL
import Holdfast
import HoldfastSQL

extension TableBackend: BareStore {
    private static let bareClient: UInt64 = 0xba4e
    private static let bareLife: Duration = .seconds(30)

    /// The two calls of an exclusive claim, sent without any bookkeeping.
    func bareCycle(_ number: UInt64) async throws(LockError) {
        let claim = try Claim(
            id: Claim.ID(client: Self.bareClient, sequence: number),
            parts: [Claim.Part(LockKey(unchecked: "bench/bare/\(number)"))], timeToLive: Self.bareLife,
            owner: Owner(host: "", processID: 0, program: ""))
        _ = try await call("CALL holdfast_place_noted(\(arguments(claim, .always)))")
        let row = claim.id.row
        _ = try await call("CALL holdfast_remove(\(row.client),\(row.number),\(patience))")
    }

    /// Nothing is pushed: waiters look.
    func barePush(_ number: UInt64) async throws(LockError) -> Duration {
        throw LockError(.unsupported, "MySQL pushes nothing: waiters look a few times a second")
    }
}
#endif
