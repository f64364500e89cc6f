import Logging

/// Deadlocks where claims carry no notes: who waits long says so in records, one for each key that it holds.
extension LockClient {
    /// How many readings are kept: since the second of them all who still wait have changed what they say.
    private static let readingsLimit = 4
    /// How often another who is first to give way is seen before this one does in its place: for three thresholds.
    private static let looksPerActor = 12
    /// How often a board is read again because somebody else wrote on it.
    private static let attemptsLimit = 8

    /// The boards as they were read, and when.
    private struct Reading {
        let boards: WaitBoards
        let endedAt: Duration
    }

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
        var readings: [Reading] = []
        var firstLook: Duration?
        var known: [LockKey: Record] = [:]
        var beat = 0
        var next = began + threshold
        var retry = breath
        while !Task.isCancelled {
            do {
                try await time.sleep(until: next)
                beat += 1
                try await publish(wait, beat, &known)
                let look = firstLook ?? FirstLooks.first(began: began, published: time.now, threshold: threshold)
                firstLook = look
                let isDue = time.now >= look
                let boards = try await readBoards(from: wait.edge.key, readings.first?.boards)
                // After a gap they say nothing of now.
                readings.removeAll { $0.endedAt < time.now - threshold * 1.5 }
                if isDue {
                    let found = zip(readings, readings.dropFirst()).lazy.compactMap {
                        boards.deadlock(of: wait.edge, $0.boards, $1.boards)
                    }.first
                    if let deadlock = sight.sees(found) { return giveWay(wait, to: deadlock) }
                }
                readings = readings.suffix(Self.readingsLimit - 1) + [Reading(boards: boards, endedAt: time.now)]
                // Who has waited for long says so more seldom, and still within what those compare who come now.
                let pace = time.now < began + threshold * 3 ? 0.2 : 0.375
                next = max(next + threshold * pace, time.now + breath)
                retry = breath
            } catch let error as LockError where !error.mayPass {
                guard error.code != .notRunning else { return }
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

    /// Says it on each key that its owner holds.
    private func publish(_ wait: WatchedWait, _ beat: Int, _ known: inout [LockKey: Record]) async throws {
        for held in wait.held where hasBoards(held.claim) {
            let part = held.claim.parts[0]
            let entry = WaitBoard.Entry(
                claim: held.claim.id, isShared: part.mode == .shared, owner: held.claim.owner, wait: wait.edge,
                beat: beat, writtenAt: WallClock.microseconds)
            try await put(entry, of: held, on: part.key, wait.threshold, &known)
        }
    }

    /// One round trip where nobody else has written since.
    private func put(
        _ entry: WaitBoard.Entry, of held: LeaseState, on key: LockKey, _ threshold: Duration,
        _ known: inout [LockKey: Record]
    ) async throws {
        let (store, name) = try await reachRecord(.waits, key)
        let life = max(threshold * 8, Record.timeToLiveRange.lowerBound)
        for _ in 0..<Self.attemptsLimit {
            try Task.checkCancellation()
            let record = if let record = known[key] { record } else { try await store.read(name) }
            var board = try WaitBoard(record, of: key)
            board.put(entry)
            let bytes = try RecordCoding.encode(board, for: key)
            // Who was stopped for long speaks of what it holds no more.
            guard held.phase == .held, held.remaining(now: time.now) > .zero else { return }
            let outcome = try await store.write(bytes, to: name, expecting: record?.version, timeToLive: life)
            guard case .written(let version) = outcome else {
                known[key] = nil
                continue
            }
            known[key] = Record(value: bytes, version: version)
            return
        }
        throw LockError(.conflict, "others wrote first each time", key: key)
    }

    /// The boards of a key, of those that its holders wait for, and so on; within bounds.
    ///
    /// - Parameter earlier: what has not changed since is followed no further.
    private func readBoards(from key: LockKey, _ earlier: WaitBoards?) async throws -> WaitBoards {
        var reading = WaitBoards()
        var open = [key][...]
        while let key = open.popFirst() {
            guard reading.boards[key] == nil else { continue }
            guard reading.boards.count < Self.keysLimit else { break }
            try Task.checkCancellation()
            let (store, name) = try await reachRecord(.waits, key)
            let board = try await WaitBoard(store.read(name), of: key)
            reading.boards[key] = board
            open += board.changed(since: earlier?.boards[key] ?? WaitBoard()).map(\.wait.key)
        }
        return reading
    }
}

extension LockError {
    /// Whether another try may go through.
    fileprivate var mayPass: Bool { [.unavailable, .conflict, .cancelled, .limitExceeded].contains(code) }
}
