/// A place where so many parties wait for each other, round after round.
///
/// ```swift
/// let barrier = try locks.barrier("step", parties: 3)
/// try await barrier.arrive()                              // all three go on together
/// let stay = try await barrier.enter()                    // or: begin together …
/// try await work(stay.lease)
/// try await stay.leave()                                  // … and end together
/// ```
///
/// Parties are leased: each is a shared claim on the key, and one that died does not count when its claim has expired.
/// Whoever sees so many claims that no round has had yet writes into a record up to which token they are of one round;
/// with that the round goes on, and nobody who comes later belongs to it. Who waits looks at the store: after 20 ms at
/// first, at most every second.
///
/// What is promised: a round goes on only when all its parties' claims lived at one moment. One of them may have died
/// since, and one that gives up at that moment may have been counted.
public struct Barrier: Sendable {
    /// The most parties of one round.
    public static let partiesLimit = 1_000
    /// Rounds that the record tells of, the newest last.
    static let roundsLimit = 64

    /// What the parties claim.
    public let key: LockKey
    /// How many go on together.
    public let parties: Int
    /// How long the record is kept after a round went on: a stay that is longer is counted for another round.
    public let retention: Duration
    let client: LockClient

    /// Waits until all parties of a round are here.
    ///
    /// At least four round trips: the claim, the record, a listing, and the claim's end.
    ///
    /// - Parameters:
    ///   - wait: for how long; for ever by default. Who gives up does not count.
    ///   - options: what differs from the client's configuration.
    /// - Throws: as ``enter(wait:options:)``.
    public func arrive(wait: Wait = .forever, options: LockOptions = LockOptions()) async throws(LockError) {
        let stay = try await enter(wait: wait, options: options)
        try await stay.end()
    }

    /// Waits until all parties of a round are here, and stays one of them.
    ///
    /// - Parameters:
    ///   - wait: for how long; for ever by default.
    ///   - options: what differs from the client's configuration.
    /// - Returns: the stay, to be ended by ``BarrierStay/leave(wait:)``.
    /// - Throws: as ``LockClient/acquire(_:mode:wait:options:)``; ``LockError/Code/modeConflict`` where one who came
    ///   before waits for another number of parties; ``LockError/Code/leaseLost`` where the claim was lost while the
    ///   others were waited for; ``LockError/Code/unsupported`` where the backend has no shared claims, notes, listing
    ///   or records.
    public func enter(
        wait: Wait = .forever, options: LockOptions = LockOptions()
    ) async throws(LockError) -> BarrierStay {
        _ = try client.recordStore()
        try client.admitListing()
        var options = options
        options.note = try ClaimNote("\(parties)")
        let patience = Patience(wait, now: client.time.now)
        let owned = try await client.acquire(
            key, mode: .shared, wait: patience.left(now: client.time.now), options: options)
        var pace = Pace()
        while true {
            // Where it throws, the claim is dropped, and removed in the background.
            if let round = try await round(of: owned.lease) {
                return BarrierStay(barrier: self, owned: owned, through: round)
            }
            guard !patience.isOver(now: client.time.now) else {
                try? await owned.release()
                throw patience.failure(key)
            }
            do throws(LockError) {
                try await client.sleep(for: pace.next(), until: patience.until)
            } catch {
                // Released is released: what came of it is told nobody.
                try? await owned.release()
                throw error
            }
        }
    }
}

// MARK: - Rounds

extension Barrier {
    /// What the record says: the greatest token of each round that went on.
    struct Rounds: Codable {
        var last: [Int64] = []

        /// The first round that has this token.
        func round(of token: FencingToken) -> Int64? { last.first { $0 >= token.rawValue } }
        func isFree(_ token: FencingToken) -> Bool { token.rawValue > last.last ?? 0 }
    }

    /// - Returns: the greatest token of the round that this party belongs to; `nil` where it must wait.
    private func round(of lease: Lease) async throws(LockError) -> Int64? {
        do throws(LockError) {
            let (rounds, version) = try await read()
            // In this order: what is held after the record was read lived when its round was counted, and was counted.
            guard lease.isHeld else { throw LockClient.notHeld(lease.state) }
            if let round = rounds.round(of: lease.token) { return round }
            let tokens = try await listed(asSeenBy: lease.token).compactMap(\.token).filter(rounds.isFree).sorted()
            // What is written here was seen in one listing: all of them lived at that moment.
            guard tokens.count >= parties else { return nil }
            let last = tokens[parties - 1].rawValue
            let next = Rounds(last: Array((rounds.last + [last]).suffix(Self.roundsLimit)))
            let write = try await client.recordStore().write(
                RecordCoding.encode(next, for: key), to: RecordKind.barrier.name(key), expecting: version,
                timeToLive: retention)
            // Where another wrote, the next look tells whom that round has.
            if case .written = write { return next.round(of: lease.token) }
            return nil
        } catch {
            guard error.code == .unavailable else { throw error }
            return nil
        }
    }

    func read() async throws(LockError) -> (rounds: Rounds, version: Record.Version?) {
        guard let record = try await client.recordStore().read(RecordKind.barrier.name(key)) else {
            return (Rounds(), nil)
        }
        return (try RecordCoding.decode(record.value, for: key), record.version)
    }

    /// The parties that are here, in any round.
    ///
    /// - Parameter own: whose claim may meet none before it that waits for another number: the first one's stands.
    func listed(asSeenBy own: FencingToken? = nil) async throws(LockError) -> [ClaimRecord] {
        let queue = try await client.queue(of: key, limit: Self.partiesLimit).filter(\.isHeld)
        for record in queue where record.note.text != "\(parties)" {
            guard let own, let token = record.token, token < own else { continue }
            throw LockError(
                .modeConflict, "\(record.owner) waits for \(record.note.text) parties, not for \(parties)", key: key)
        }
        return queue.filter { $0.note.text == "\(parties)" }
    }
}

/// A party's stay inside a barrier, from ``Barrier/enter(wait:options:)`` until all leave together.
public struct BarrierStay: ~Copyable, Sendable {
    /// The party's claim. Where it is lost, the others no longer wait for this party to leave.
    public let lease: Lease
    private let barrier: Barrier
    private let owned: OwnedLease
    private let through: Int64

    init(barrier: Barrier, owned: consuming OwnedLease, through: Int64) {
        lease = owned.lease
        self.barrier = barrier
        self.owned = owned
        self.through = through
    }

    /// Leaves, and waits until all parties of the round have left or died. At least two round trips.
    ///
    /// - Parameter wait: for how long the others are waited for; for ever by default. This party has left in any case.
    /// - Throws: ``LockError/Code/leaseLost`` where this party's claim was lost before; ``LockError/Code/timedOut``;
    ///   ``LockError/Code/cancelled``.
    public consuming func leave(wait: Wait = .forever) async throws(LockError) {
        let (barrier, through) = (barrier, through)
        let client = barrier.client
        let patience = Patience(wait, now: client.time.now)
        try await owned.release()
        var pace = Pace()
        while true {
            do throws(LockError) {
                let isInside = try await barrier.listed().contains { ($0.token?.rawValue ?? .max) <= through }
                if !isInside { return }
            } catch {
                guard error.code == .unavailable else { throw error }
            }
            guard !patience.isOver(now: client.time.now) else { throw patience.failure(barrier.key) }
            try await client.sleep(for: pace.next(), until: patience.until)
        }
    }

    /// Ends the stay, and waits for nobody.
    consuming func end() async throws(LockError) {
        do throws(LockError) {
            try await owned.release()
        } catch {
            // The round went on with this party: what becomes of its claim now concerns nobody.
            guard error.code == .leaseLost || error.code == .unavailable else { throw error }
        }
    }
}

extension LockClient {
    /// A barrier for so many parties. Nothing happens before it is used.
    ///
    /// - Parameters:
    ///   - key: 1 to 480 bytes of UTF-8 without control characters. It must not be locked otherwise.
    ///   - parties: 1 to ``Barrier/partiesLimit``; the same for all who use the barrier.
    ///   - retention: how long a round may last at most, from its going on: 7 days by default, at least 1 s.
    /// - Throws: ``LockError/Code/invalidArgument``.
    public func barrier(
        _ key: LockKey, parties: Int, retention: Duration = .seconds(7 * 24 * 3600)
    ) throws(LockError) -> Barrier {
        guard (1...Barrier.partiesLimit).contains(parties) else {
            throw LockError(
                .invalidArgument, "a barrier has 1 to \(Barrier.partiesLimit) parties; \(parties) were asked for")
        }
        guard Record.timeToLiveRange.contains(retention) else {
            throw LockError(.invalidArgument, "a barrier is remembered for 1 s to ten years, not for \(retention)")
        }
        return Barrier(key: key, parties: parties, retention: retention, client: self)
    }
}
