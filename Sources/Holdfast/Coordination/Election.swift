/// The choice of one leader among those who campaign for a key: an exclusive claim that carries a proposal.
///
/// ```swift
/// let election = locks.election("scheduler")
/// try await election.withLeadership(proposal: "10.0.0.5:8080") { leader in
///     try await scheduler.run(fencing: leader.token)
/// }
/// ```
///
/// It has all that a lock has: candidates are elected in the order in which they came, the leader's token is greater
/// than that of every leader before it, and leadership is lost before another can be elected. It needs a backend that
/// keeps notes, and to look at an election one that can list; where that is not so, every call throws
/// ``LockError/Code/unsupported`` and nothing is placed.
public struct Election: Sendable {
    /// The most candidates that ``candidates()`` tells of.
    public static let candidatesLimit = 10_000

    /// What is campaigned for.
    public let key: LockKey
    let client: LockClient

    /// Waits until this candidate is elected.
    ///
    /// One round trip where nobody leads. Prefer ``withLeadership(proposal:wait:options:_:)``, which stops the work
    /// when the leadership is lost.
    ///
    /// - Parameters:
    ///   - proposal: what others see of the leader, such as its address: 1 to 1,024 bytes of UTF-8. It is written in
    ///     the step that places the claim, so that no leader is ever without one.
    ///   - wait: what to do where another leads; waits for ever by default.
    ///   - options: what differs from the client's configuration.
    /// - Throws: as ``LockClient/acquire(_:mode:wait:options:)``; ``LockError/Code/unsupported``. On cancellation the
    ///   candidacy ends before it returns, or, after a bound, in the background.
    public func campaign(
        proposal: String, wait: Wait = .forever, options: LockOptions = LockOptions()
    ) async throws(LockError) -> Leadership {
        let options = try self.options(options, proposal)
        return Leadership(owned: try await client.acquire(key, wait: wait, options: options), key: key)
    }

    /// Runs `body` while this candidate leads.
    ///
    /// Where the leadership is lost, the body's task is cancelled, and ``LockError/Code/leaseLost`` is thrown when it
    /// has ended. It resigns when the body has ended, deaf to cancellation. Two round trips where nobody leads.
    ///
    /// - Parameters:
    ///   - proposal: as in ``campaign(proposal:wait:options:)``.
    ///   - wait: what to do where another leads; waits for ever by default.
    ///   - options: what differs from the client's configuration.
    ///   - body: what the leader does. Carry `leader.token` to what it changes.
    /// - Throws: as ``LockClient/withLock(_:mode:wait:options:_:)``; ``LockError/Code/unsupported``.
    public func withLeadership<R: Sendable>(
        proposal: String, wait: Wait = .forever, options: LockOptions = LockOptions(),
        _ body: @escaping @Sendable (Leader) async throws -> R
    ) async throws -> R {
        try await client.withLock(key, wait: wait, options: try self.options(options, proposal)) { [key] lease in
            try await body(Leader(lease: lease, key: key))
        }
    }

    private func options(_ options: LockOptions, _ proposal: String) throws(LockError) -> LockOptions {
        guard client.capabilities.supportsNotes else {
            throw client.capabilities.unsupported("keeps no notes with its claims", key: key)
        }
        var options = options
        let own = try Self.options(proposal: proposal)
        (options.note, options.stepsBack) = (own.note, own.stepsBack)
        return options
    }

    /// What makes a claim a candidate.
    package static func options(proposal: String) throws(LockError) -> LockOptions {
        var options = LockOptions()
        options.note = try note(proposal)
        options.stepsBack = true
        return options
    }

    static func note(_ proposal: String) throws(LockError) -> ClaimNote {
        guard !proposal.isEmpty else {
            throw LockError(.invalidArgument, "a proposal has 1 to \(ClaimNote.textBytesLimit) bytes; it is empty")
        }
        return try ClaimNote(proposal)
    }

    /// Who leads and who campaigns: the leader first, the others in the order in which they would be elected.
    ///
    /// One round trip. Claims without a proposal are somebody's plain locks on the key, and are left out.
    ///
    /// - Throws: ``LockError/Code/unsupported``; ``LockError/Code/unavailable``; ``LockError/Code/limitExceeded`` for
    ///   more than ``candidatesLimit``.
    public func candidates() async throws(LockError) -> [Candidate] {
        let queue = try await client.queue(of: key, limit: Self.candidatesLimit)
        return queue.filter { !$0.note.text.isEmpty }.map(Candidate.init)
    }

    /// What becomes of the leadership, as it is noticed: the present state first, then each change.
    ///
    /// It looks at the store, one round trip each time, for as long as somebody iterates: what comes and goes between
    /// two looks is not seen. No leader is a state of its own, ``LeaderState/none``. A leader is never shown as present
    /// when the store cannot be asked: an answer counts for three intervals from the sending of its question, and then
    /// the state is ``LeaderState/unknown``.
    ///
    /// - Parameter interval: between two looks, at most; they come after between half of it and all of it, so that
    ///   many observers do not look at once. 50 ms to 1 h; 1 s by default.
    /// - Returns: a sequence that ends when its task is cancelled. It throws ``LockError/Code/unsupported`` and what
    ///   else does not pass by itself; never ``LockError/Code/unavailable``.
    public func leaders(every interval: Duration = .seconds(1)) -> LeaderStates {
        LeaderStates(election: self, interval: interval)
    }
}

extension LockClient {
    /// An election on a key. Nothing happens before it is used.
    ///
    /// - Parameter key: 1 to 512 bytes of UTF-8 without control characters. A lock on the same key is a candidate
    ///   without a proposal: nobody leads while it is held.
    public func election(_ key: LockKey) -> Election { Election(key: key, client: self) }
}
