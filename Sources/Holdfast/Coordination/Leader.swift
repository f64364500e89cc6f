/// The view of a leadership: what the body of `withLeadership` gets, and what may be copied into its child tasks.
public struct Leader: Sendable {
    /// The claim that is held.
    public let lease: Lease
    let key: LockKey

    /// The fencing token, greater than that of every leader before: carry it to what the leader changes.
    public var token: FencingToken { lease.token }

    /// Whether it leads, by its own clock. True may be over when you act on it: only the token orders.
    public var isLeading: Bool { lease.isHeld }

    /// Replaces the proposal that observers see. One round trip; token and order stay.
    ///
    /// - Parameter proposal: 1 to 1,024 bytes of UTF-8.
    /// - Throws: ``LockError/Code/leaseLost``; ``LockError/Code/invalidArgument``; ``LockError/Code/unavailable`` where
    ///   the outcome is unknown.
    public func proclaim(_ proposal: String) async throws(LockError) {
        let note = try Election.note(proposal)
        guard lease.isHeld else { throw LockClient.notHeld(lease.state) }
        guard try await lease.client.note(lease.state, text: note) != .absent else {
            throw LockError(.leaseLost, "the claim of the leader was removed or has expired", key: key)
        }
    }

    /// Resigns in favour of a candidate that is not the oldest.
    ///
    /// The candidates before it are asked to step back, which they do where they look at their claims: at once where
    /// the backend hints, else with their next renewal, a third of their time to live later. When the preferred one is
    /// next, this leader resigns. Until then it leads, and where it dies meanwhile the order is what it has become. A
    /// candidate that is elected before it could step back lets go of the leadership.
    ///
    /// - Parameters:
    ///   - candidate: the id of one who waits, from ``Election/candidates()``.
    ///   - limit: for how long the others are waited for; 30 s by default.
    /// - Throws: with the leadership kept: ``LockError/Code/invalidArgument`` where the candidate does not wait (any
    ///   more); ``LockError/Code/timedOut``; ``LockError/Code/busy`` where a plain lock on the key stands before it;
    ///   ``LockError/Code/cancelled``. Else as ``OwnedLease/release()``.
    public func handOver(to candidate: Claim.ID, within limit: Duration = .seconds(30)) async throws(LockError) {
        let client = lease.client
        let until = client.time.now + limit
        var asked: Set<Claim.ID> = []
        var pace = Pace()
        while true {
            guard lease.isHeld else { throw LockClient.notHeld(lease.state) }
            if try await isNext(candidate, asking: &asked) { return try await client.release(lease.state) }
            guard client.time.now < until else {
                throw LockError(.timedOut, "the candidates before it did not step back within \(limit)", key: key)
            }
            try await client.sleep(for: pace.next())
        }
    }

    /// Asks those before a candidate to step back.
    ///
    /// - Returns: whether there are none.
    private func isNext(_ candidate: Claim.ID, asking asked: inout Set<Claim.ID>) async throws(LockError) -> Bool {
        let client = lease.client
        do throws(LockError) {
            let waiting = try await client.queue(of: key, limit: Election.candidatesLimit).filter { !$0.isHeld }
            guard let place = waiting.firstIndex(where: { $0.id == candidate }) else {
                throw LockError(.invalidArgument, "no candidate \(candidate) waits; see candidates()", key: key)
            }
            for record in waiting[..<place] {
                guard !record.note.text.isEmpty else {
                    throw LockError(.busy, "\(record.owner) waits for a plain lock on this key", key: key)
                }
                guard !asked.contains(record.id) else { continue }
                _ = try await client.backend.ask(record.id)
                asked.insert(record.id)
            }
            return place == 0
        } catch {
            // The store may answer again within the limit.
            guard error.code == .unavailable else { throw error }
            return false
        }
    }
}

/// A leadership that its owner resigns from: what ``Election/campaign(proposal:wait:options:)`` returns.
///
/// It cannot be copied; copy its ``leader`` for tasks that only look. Where it is dropped, the client resigns in the
/// background.
public struct Leadership: ~Copyable, Sendable {
    /// What may be copied.
    public let leader: Leader
    private let owned: OwnedLease

    init(owned: consuming OwnedLease, key: LockKey) {
        leader = Leader(lease: owned.lease, key: key)
        self.owned = owned
    }

    /// The fencing token, greater than that of every leader before.
    public var token: FencingToken { leader.token }

    /// Replaces the proposal; see ``Leader/proclaim(_:)``.
    public func proclaim(_ proposal: String) async throws(LockError) { try await leader.proclaim(proposal) }

    /// Resigns in favour of a candidate that is not the oldest; see ``Leader/handOver(to:within:)``.
    public func handOver(to candidate: Claim.ID, within limit: Duration = .seconds(30)) async throws(LockError) {
        try await leader.handOver(to: candidate, within: limit)
    }

    /// Resigns, and returns when the backend has confirmed it. Deaf to cancellation. One round trip, in which the
    /// oldest candidate is elected.
    ///
    /// - Throws: as ``OwnedLease/release()``.
    public consuming func resign() async throws(LockError) { try await owned.release() }
}
