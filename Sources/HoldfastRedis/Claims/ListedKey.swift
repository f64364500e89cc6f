#if Redis
import Holdfast

/// The live claims on one key, in queue order, as the listing script tells them.
struct ListedKey {
    private(set) var claims: [StoredClaim] = []
    /// Of the server, in microseconds.
    private let now: Int64
    /// Until the string ends.
    private let left: Int64

    /// - Parameter answer: the string, its milliseconds left, then id, score and entry of each.
    init(_ answer: [RESPValue], now: Int64) {
        self.now = now
        left = answer.count > 1 ? max(0, answer[1].int ?? 0) : 0
        guard let string = answer.first?.text else { return }
        if let holder = StoredClaim(string: string) { claims.append(holder) }
        var clear: [StoredClaim] = []
        var blocked: [StoredClaim] = []
        for index in stride(from: 2, to: answer.count - 2, by: 3) {
            guard let id = answer[index].text, let score = answer[index + 1].text.flatMap({ Double($0) }),
                let entry = answer[index + 2].text, let claim = StoredClaim(id: id, entry: entry),
                (claim.expires ?? 0) * 1000 > now
            else { continue }
            if score < 0 { blocked.append(claim) } else { clear.append(claim) }
        }
        // Those that nobody blocks are kept by the ends of their lives. One that is upgradeable came last, whatever the
        // server's clock said: it lets nobody come.
        claims += clear.sorted { Self.rank($0) < Self.rank($1) } + blocked
    }

    private static func rank(_ claim: StoredClaim) -> (Int, Int64) {
        (claim.mode == .path(.upgradeable) ? 1 : 0, claim.placed)
    }

    func record(_ claim: StoredClaim, _ key: LockKey) -> ClaimRecord {
        let remaining = claim.expires.map { $0 - now / 1000 } ?? left
        return ClaimRecord(
            key: key, id: claim.id, mode: claim.mode, owner: claim.owner, token: claim.token,
            age: .microseconds(max(0, now - claim.placed)), remaining: .milliseconds(max(0, remaining)),
            isAsked: claim.isAsked, note: claim.note)
    }
}
#endif
