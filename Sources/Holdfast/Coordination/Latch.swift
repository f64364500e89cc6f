/// A gate that opens when so many have arrived, and stays open.
///
/// ```swift
/// let ready = try locks.latch("deploy/ready", count: 3)
/// try await ready.arrive(as: host)      // three hosts
/// try await ready.wait()                // whoever waits for them
/// ```
///
/// It is a record, and holds no claim: an arrival counts also when who arrived is gone. Who waits looks at the store:
/// after 20 ms at first, at most every second.
public struct Latch: Sendable {
    /// The most arrivals of one latch.
    public static let countLimit = 1_000
    /// The longest name of who arrives, in bytes of UTF-8.
    public static let nameBytesLimit = 40
    /// How often an arrival is tried again because another came between.
    static let attemptsLimit = 256

    /// The latch's name.
    public let key: LockKey
    /// How many must arrive.
    public let count: Int
    /// How long the latch is remembered after the last arrival, open or not. Then it is closed, and all must arrive
    /// anew.
    public let retention: Duration
    let client: LockClient

    /// Counts one arrival. Two round trips; two more for each that comes between.
    ///
    /// - Parameter name: who arrives, 1 to 40 bytes of UTF-8: the same name is counted once, however often it arrives,
    ///   also after a restart or an unknown outcome. A new one each time by default.
    /// - Returns: how many are still to come; 0 where the latch is open.
    /// - Throws: ``LockError/Code/unsupported`` where the backend keeps no records;
    ///   ``LockError/Code/unavailable`` where the outcome is unknown: arrive again with the same name;
    ///   ``LockError/Code/modeConflict`` where others count to another number; ``LockError/Code/limitExceeded`` where
    ///   others go on coming between.
    @discardableResult
    public func arrive(as name: String? = nil) async throws(LockError) -> Int {
        let name = name ?? "\(client.makeID())"
        guard (1...Self.nameBytesLimit).contains(name.utf8.count) else {
            throw LockError(.invalidArgument, "who arrives has a name of 1 to \(Self.nameBytesLimit) bytes", key: key)
        }
        var pace = Pace()
        for _ in 0..<Self.attemptsLimit {
            let (state, version) = try await read()
            guard state.remaining > 0, !state.arrived.contains(name) else { return state.remaining }
            let next = Arrivals(count: count, arrived: state.arrived + [name])
            let write = try await client.recordStore().write(
                RecordCoding.encode(next, for: key), to: RecordKind.latch.name(key), expecting: version,
                timeToLive: retention)
            if case .written = write { return next.remaining }
            try await client.sleep(for: pace.next())
        }
        throw LockError(.limitExceeded, "others came between \(Self.attemptsLimit) times", key: key)
    }

    /// How many are still to come; 0 where the latch is open. One round trip.
    ///
    /// - Throws: as ``arrive(as:)``.
    public func remaining() async throws(LockError) -> Int { try await read().state.remaining }

    /// Waits until the latch is open. One round trip where it is.
    ///
    /// - Parameter wait: for how long; for ever by default.
    /// - Throws: ``LockError/Code/timedOut``; ``LockError/Code/busy`` (`wait: .no`); ``LockError/Code/cancelled``;
    ///   ``LockError/Code/unsupported``; ``LockError/Code/modeConflict`` where others count to another number. While
    ///   the store cannot be asked it goes on waiting.
    public func wait(_ wait: Wait = .forever) async throws(LockError) {
        let patience = Patience(wait, now: client.time.now)
        var pace = Pace()
        while true {
            do throws(LockError) {
                if try await read().state.remaining == 0 { return }
            } catch {
                guard error.code == .unavailable else { throw error }
            }
            guard !patience.isOver(now: client.time.now) else { throw patience.failure(key) }
            try await client.sleep(for: pace.next(), until: patience.until)
        }
    }

    /// What the record says.
    struct Arrivals: Codable {
        let count: Int
        let arrived: [String]
        var remaining: Int { max(0, count - arrived.count) }
    }

    private func read() async throws(LockError) -> (state: Arrivals, version: Record.Version?) {
        guard let record = try await client.recordStore().read(RecordKind.latch.name(key)) else {
            return (Arrivals(count: count, arrived: []), nil)
        }
        let state: Arrivals = try RecordCoding.decode(record.value, for: key)
        guard state.count == count else {
            throw LockError(.modeConflict, "this latch waits for \(state.count), not for \(count)", key: key)
        }
        return (state, record.version)
    }
}

extension LockClient {
    /// A latch that opens when so many have arrived. Nothing happens before it is used.
    ///
    /// - Parameters:
    ///   - key: 1 to 480 bytes of UTF-8 without control characters. It has nothing to do with a lock of this name.
    ///   - count: 1 to ``Latch/countLimit``; the same for all who use the latch.
    ///   - retention: how long it is remembered after the last arrival: 24 h by default, at least 1 s.
    /// - Throws: ``LockError/Code/invalidArgument``.
    public func latch(
        _ key: LockKey, count: Int, retention: Duration = .seconds(24 * 3600)
    ) throws(LockError) -> Latch {
        guard (1...Latch.countLimit).contains(count) else {
            throw LockError(.invalidArgument, "a latch counts 1 to \(Latch.countLimit); \(count) were asked for")
        }
        guard Record.timeToLiveRange.contains(retention) else {
            throw LockError(.invalidArgument, "a latch is remembered for 1 s to ten years, not for \(retention)")
        }
        return Latch(key: key, count: count, retention: retention, client: self)
    }
}
