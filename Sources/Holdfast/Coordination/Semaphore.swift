import Synchronization

/// Permits of which the number can be changed while they are in use: weighted, first come first served, leased.
///
/// ```swift
/// let encoders = try locks.semaphore("encoders", limit: 4)
/// try await encoders.withPermits(2) { lease in try await encode() }
/// try await encoders.resize(to: 8)
/// ```
///
/// For a limit that never changes, `.permits(_, of:)` is cheaper: the backend wakes who waits there. Here the limit is
/// a record, and who waits looks at the store: after 20 ms at first, at most every second.
///
/// ## Why it is safe
/// Each user's claim is `.permits(n, of: LockMode.permitsLimit)`, which the backend holds at once; what orders them is
/// their tokens. A user is **admitted** when it has seen a listing, and after it a limit, such that the permits of all
/// claims with lesser tokens in the listing, admitted or not, and its own fit the limit.
///
/// 1. A claim with a lesser token was placed before. So whoever lists its own claim lists all with lesser tokens that
///    live: none of them can appear later.
/// 2. A claim that is believed in lives. So of all who believe at one moment, let Y have the greatest token: when it
///    was admitted, the others' claims were there already, in its listing. Hence **those who believe to hold never have
///    more permits together than the limit under which the youngest of them was admitted**.
/// 3. Between listing and limit earlier claims can only have gone: the sum still fits when the limit is read.
/// 4. It does not matter who is admitted first, or at once: each counts all before it, whether or not they know yet.
///    The oldest that waits fits first, so nobody overtakes and a large request does not starve.
///
/// A lesser limit revokes nothing: who was admitted stays. Those who were not, count against the new limit, also where
/// they stood before somebody who was admitted under the old one.
public struct Semaphore: Sendable {
    /// How many claims one listing asks for at first.
    static let usualClaims = 1_000
    /// How often a resize is tried again because somebody else changed the limit.
    static let attemptsLimit = 32

    /// What the permits are for.
    public let key: LockKey
    let initialLimit: Int
    let client: LockClient

    /// How many permits there are now. One round trip; two where nobody has set a limit yet.
    ///
    /// - Throws: ``LockError/Code/unsupported`` where the backend keeps no records; ``LockError/Code/unavailable``.
    public func limit() async throws(LockError) -> Int { try await current().limit }

    /// Changes how many permits there are, for all who use the semaphore.
    ///
    /// Less of them revokes none that are held; more let in those who wait, within a second. Two round trips.
    ///
    /// - Parameter limit: 0 to ``LockMode/permitsLimit``; 0 admits nobody.
    /// - Throws: ``LockError/Code/invalidArgument``; ``LockError/Code/unsupported``; ``LockError/Code/unavailable``
    ///   where the outcome is unknown; ``LockError/Code/limitExceeded`` where others go on changing it.
    public func resize(to limit: Int) async throws(LockError) {
        try Self.validate(limit)
        let (records, name) = (try client.recordStore(), try RecordKind.semaphore.name(key))
        var pace = Pace()
        for _ in 0..<Self.attemptsLimit {
            let record = try await records.read(name)
            let value = try RecordCoding.encode(Limit(limit: limit), for: key)
            let write = try await records.write(value, to: name, expecting: record?.version, timeToLive: nil)
            if case .written = write { return }
            try await client.sleep(for: pace.next())
        }
        throw LockError(.limitExceeded, "others changed the limit \(Self.attemptsLimit) times meanwhile", key: key)
    }

    /// Runs `body` while `count` permits are held.
    ///
    /// Where they are lost, the body's task is cancelled, and ``LockError/Code/leaseLost`` is thrown when it has ended.
    /// Four round trips where they are free: the claim, a listing, the limit, and the release.
    ///
    /// - Parameters:
    ///   - count: 1 to ``LockMode/permitsLimit``. More than the limit waits until the limit grows.
    ///   - wait: what to do where too few are free; waits for ever by default.
    ///   - options: what differs from the client's configuration, but `reentrant`. `maxHold` counts from the place,
    ///     with the wait.
    ///   - body: what the permits are for. Their token orders nothing: permits have no fence.
    /// - Throws: as ``LockClient/withLock(_:mode:wait:options:_:)``; ``LockError/Code/unsupported``;
    ///   ``LockError/Code/wouldDeadlock`` where the task tree holds permits already and would wait for more;
    ///   ``LockError/Code/limitExceeded`` for more than 100,000 claims, held and waiting.
    public func withPermits<R: Sendable>(
        _ count: Int = 1, wait: Wait = .forever, options: LockOptions = LockOptions(),
        _ body: @escaping @Sendable (Lease) async throws -> R
    ) async throws -> R {
        let parts = [Claim.Part(key, .permits(count, of: LockMode.permitsLimit))]
        let patience = Patience(wait, now: client.time.now)
        guard !options.reentrant else {
            throw LockError(.invalidArgument, "permits are not entered again; take more of them", key: key)
        }
        // Before anything is placed.
        _ = try client.recordStore()
        try client.admitListing()
        let isBounded = (options.maxHold ?? client.configuration.maxHold) != nil
        var isNested = false
        if case .onlyIfFree = try client.nesting(of: parts, reentrant: false) { isNested = true }
        while true {
            let progress = Progress()
            do {
                return try await client.withLock(parts, wait: patience.left(now: client.time.now), options: options) {
                    [isNested] lease in
                    try await self.admit(lease, count, patience, isNested: isNested)
                    progress.begin()
                    return try await body(lease)
                }
            } catch let error as LockError where error.code == .leaseLost && !progress.hasBegun && !isBounded {
                // The claim was lost while it waited for the others: another takes its place at the end.
                guard !Task.isCancelled else { throw CancellationError() }
                guard !patience.isOver(now: client.time.now) else { throw patience.failure(key) }
            } catch let error as LockError where error.code == .cancelled {
                throw CancellationError()
            }
        }
    }

    static func validate(_ limit: Int) throws(LockError) {
        guard (0...LockMode.permitsLimit).contains(limit) else {
            throw LockError(
                .invalidArgument, "a semaphore's limit is 0 to \(LockMode.permitsLimit); \(limit) was asked for")
        }
    }
}

// MARK: - Admission

extension Semaphore {
    /// What the record says.
    struct Limit: Codable { let limit: Int }

    /// Whether the body of one attempt has begun.
    private final class Progress: Sendable {
        private let begun = Atomic(false)
        var hasBegun: Bool { begun.load(ordering: .acquiring) }
        func begin() { begun.store(true, ordering: .releasing) }
    }

    /// Waits until the permits of the claims before this one, and its own, fit the limit.
    private func admit(
        _ lease: Lease, _ count: Int, _ patience: Patience, isNested: Bool
    ) async throws(LockError) {
        var pace = Pace()
        while true {
            if try await fits(lease) { return }
            guard !isNested else { throw LockClient.wouldQueueBehindItself(key) }
            guard !patience.isOver(now: client.time.now) else { throw patience.failure(key) }
            try await client.sleep(for: pace.next(), until: patience.until)
        }
    }

    private func fits(_ lease: Lease) async throws(LockError) -> Bool {
        do throws(LockError) {
            let queue = try await client.queue(of: key, limit: Self.usualClaims)
            guard queue.contains(where: { $0.id == lease.id }) else {
                throw LockError(.leaseLost, "the claim was removed or has expired", key: key)
            }
            var sum = 0
            for record in queue where record.token.map({ $0 <= lease.token }) ?? false {
                guard case .permits(let count, _) = record.mode else { continue }
                sum += count
            }
            // In this order: while the limit is read, earlier claims can only go.
            return sum <= (try await current().limit)
        } catch {
            // What cannot be seen now may be seen later, within the caller's patience.
            guard error.code == .unavailable else { throw error }
            return false
        }
    }

    /// The limit that stands; where there is none, this one's own comes to stand, so that all use the same.
    private func current() async throws(LockError) -> Limit {
        let (records, name) = (try client.recordStore(), try RecordKind.semaphore.name(key))
        if let record = try await records.read(name) { return try RecordCoding.decode(record.value, for: key) }
        let own = Limit(limit: initialLimit)
        let value = try RecordCoding.encode(own, for: key)
        if case .written = try await records.write(value, to: name, expecting: nil, timeToLive: nil) { return own }
        guard let record = try await records.read(name) else { return try await current() }
        return try RecordCoding.decode(record.value, for: key)
    }
}

extension LockClient {
    /// A semaphore whose limit can be changed. Nothing happens before it is used.
    ///
    /// - Parameters:
    ///   - key: 1 to 480 bytes of UTF-8 without control characters. It must not be locked in another mode.
    ///   - limit: how many permits there are where nobody has said so before; 0 to ``LockMode/permitsLimit``.
    /// - Throws: ``LockError/Code/invalidArgument``.
    public func semaphore(_ key: LockKey, limit: Int) throws(LockError) -> Semaphore {
        try Semaphore.validate(limit)
        return Semaphore(key: key, initialLimit: limit, client: self)
    }
}
