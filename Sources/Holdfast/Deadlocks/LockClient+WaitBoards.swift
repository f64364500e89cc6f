import Logging

/// Deadlocks where claims carry no notes: who waits long says so in records, one for each key that it holds or waits
/// for.
extension LockClient {
    /// How many readings are kept: since the second of them all who still wait have changed what they say.
    private static let readingsLimit = 4
    /// How often another who is first to give way is seen before this one does in its place: for three thresholds.
    private static let looksPerActor = 12

    /// Whether a claim is one that boards tell of: on one key, which has room in the name of a record.
    func hasBoards(_ claim: Claim) -> Bool {
        guard claim.parts.count == 1, let part = claim.parts.first else { return false }
        return (part.mode == .exclusive || part.mode == .shared)
            && part.key.text.utf8.count <= Record.keyBytesLimit
    }

    /// Says what this waits for, reads what others say, and gives way where it must, until the task is cancelled.
    func watchBoards(_ wait: WatchedWait) async {
        let (began, threshold) = (time.now, wait.threshold)
        let breath = threshold / 8
        var sight = DeadlockSight(of: wait.state.claim.id, looksPerActor: Self.looksPerActor)
        var readings: [WaitBoards] = []
        var firstLook: Duration?
        var beat = 0
        var next = began + threshold
        var retry = breath
        while !Task.isCancelled {
            do {
                try await time.sleep(until: next)
                beat += 1
                try await publish(wait, beat)
                let look = firstLook ?? FirstLooks.first(began: began, published: time.now, threshold: threshold)
                firstLook = look
                let isDue = time.now >= look
                let reading = try await readBoards(from: wait.edge.key)
                if isDue {
                    let found = zip(readings, readings.dropFirst()).lazy.compactMap {
                        reading.deadlock(of: wait.edge, $0, $1)
                    }.first
                    if let deadlock = sight.sees(found) { return giveWay(wait, to: deadlock) }
                }
                readings = readings.suffix(Self.readingsLimit - 1) + [reading]
                // Who has waited for long says so more seldom, and still within what those compare who come now.
                let pace = time.now < began + threshold * 3 ? 0.2 : 0.375
                next = max(next + threshold * pace, time.now + breath)
                retry = breath
            } catch let error as LockError where ![.unavailable, .conflict, .cancelled].contains(error.code) {
                observation.logger.warning(
                    "a deadlock of this wait would not be found",
                    metadata: observation.metadata(wait.state, ["error": "\(error)"]))
                return
            } catch {
                next = time.now + retry
                retry = min(retry * 2, threshold)
            }
        }
    }

    /// On each key that its owner holds, and on the one that is waited for.
    private func publish(_ wait: WatchedWait, _ beat: Int) async throws {
        let own = wait.state.claim.parts[0]
        try await put(entry(of: wait.state, own, isHeld: false, wait, beat), on: own.key, wait.threshold)
        for held in wait.held where held.phase == .held && hasBoards(held.claim) {
            let part = held.claim.parts[0]
            try await put(entry(of: held, part, isHeld: true, wait, beat), on: part.key, wait.threshold)
        }
    }

    private func entry(
        of state: LeaseState, _ part: Claim.Part, isHeld: Bool, _ wait: WatchedWait, _ beat: Int
    ) -> WaitBoard.Entry {
        WaitBoard.Entry(
            claim: state.claim.id, isHeld: isHeld, isShared: part.mode == .shared, owner: state.claim.owner,
            wait: wait.edge, beat: beat, writtenAt: WallClock.microseconds)
    }

    private func put(_ entry: WaitBoard.Entry, on key: LockKey, _ threshold: Duration) async throws {
        let life = max(threshold * 8, Record.timeToLiveRange.lowerBound)
        try await RecordUpdate.run(self, .waits, key, timeToLive: life) { bytes in
            var board = try bytes.map { try RecordCoding.decode($0, for: key) } ?? WaitBoard()
            board.put(entry)
            return try RecordCoding.encode(board, for: key)
        }
    }

    /// The boards of a key, of those that its holders wait for, and so on; within bounds.
    private func readBoards(from key: LockKey) async throws -> WaitBoards {
        var reading = WaitBoards()
        var open = [key][...]
        while let key = open.popFirst() {
            guard reading.boards[key] == nil else { continue }
            guard reading.boards.count < Self.keysLimit else { break }
            let (store, name) = try await reachRecord(.waits, key)
            let record = try await store.read(name)
            let board: WaitBoard = try record.map { try RecordCoding.decode($0.value, for: key) } ?? WaitBoard()
            reading.boards[key] = board
            open += board.entries.filter(\.isHeld).map(\.wait.key)
        }
        return reading
    }
}
