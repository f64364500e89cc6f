#if SQLite
import CSQLite
import Glibc
import Holdfast

extension StoreKeeper {
    /// Attends to pushes from other processes and to what is due; where nothing is queued, sleeps until then.
    func attend(sleeping: Bool) {
        let now = BootClock.now
        if waiters.isEmpty {
            rank = 0
            (lifeLookAt, fileLookAt) = (now + Self.lifeInterval, now + Self.fileInterval)
        }
        if own.isEmpty { identityLookAt = now + Self.identityInterval }
        var descriptors = [
            pollfd(fd: thread.bell, events: Int16(POLLIN), revents: 0),
            pollfd(fd: liveness.wakeDescriptor, events: Int16(POLLIN), revents: 0),
        ]
        poll(&descriptors, 2, sleeping ? milliseconds(from: now) : 0)
        if descriptors[0].revents != 0 {
            var count: eventfd_t = 0
            eventfd_read(thread.bell, &count)
        }
        look(descriptors[1].revents != 0 ? pushes() : [])
    }

    /// Until the next look, rounded up, so that its time has come when `poll` returns; -1 where none is due.
    private func milliseconds(from now: Int64) -> Int32 {
        var next = Int64.max
        if !waiters.isEmpty {
            next = min(fileLookAt, expiryLookAt)
            // Where all who stand before ours are ours, nobody needs to be watched.
            if !watched.isEmpty { next = min(next, lifeLookAt) }
        }
        if !own.isEmpty { next = min(next, identityLookAt) }
        return next == .max ? -1 : Int32(clamping: max(0, next - now + 999_999) / 1_000_000)
    }

    /// The first of the queue sees to what is due, and the others find it done.
    private var expiryLookAt: Int64 {
        let (sum, overflow) = store.nextExpiry.addingReportingOverflow(rank * Self.lifeInterval)
        return overflow ? .max : max(tidyAt, sum)
    }

    private func pushes() -> Set<UInt8> {
        var pushes: Set<UInt8> = []
        var buffer = [UInt8](repeating: 0, count: 256)
        while case let count = read(liveness.wakeDescriptor, &buffer, buffer.count), count > 0 {
            pushes.formUnion(buffer.prefix(count))
        }
        return pushes
    }

    private func look(_ pushes: Set<UInt8>) {
        let now = BootClock.now
        if !own.isEmpty, now >= identityLookAt {
            identityLookAt = now + Self.identityInterval
            if StoreFile.Identity(path: path) != identity {
                // The next verb finds the same, and says it.
                fileIsGone()
                return
            }
        }
        if pushes.contains(OwnerDirectory.Push.look.rawValue) { readHints() }
        if !pushes.isEmpty { readGrants() }
        guard !waiters.isEmpty else { return }
        if now >= expiryLookAt {
            // A failure shows in the transaction.
            try? store.refreshNextExpiry()
            if now >= expiryLookAt { return tidy(now) }
        }
        if now >= fileLookAt {
            readGrantsIfCommitted()
            fileLookAt = now + Self.fileInterval * min(1 + rank, Self.fileIntervalsLimit)
        }
        if now >= lifeLookAt {
            // Those before may be gone by now, and this may stand next.
            readGrantsIfCommitted()
            lifeLookAt = now + Self.lifeInterval * (1 + rank)
            if watched.contains(where: isNewlyGone) { tidy(now) }
        }
    }

    private func tidy(_ now: Int64) {
        tidyAt = now + Self.lifeInterval
        perform([.tidy])
    }

    /// Whether a process's end was noticed just now; an orphaned one stays so for long.
    private func isNewlyGone(_ process: Int64) -> Bool {
        let life = liveness.directory.life(of: process)
        defer { judged[process] = life }
        switch life {
        case .lives, .unknown: return false
        case .orphaned, .dead: return judged[process] != life
        }
    }

    private func readGrantsIfCommitted() {
        // A failure shows at the next verb; until then there is no news.
        guard let version = try? store.dataVersion(), version != lastVersion else { return }
        lastVersion = version
        readGrants()
    }

    /// Finds what lives here no more, or was asked for, and tells the client to look.
    private func readHints() {
        do {
            var hints: [Claim.ID] = []
            for id in own where waiters[id] == nil {
                let state = try store.state(of: id)
                if state == nil { own.remove(id) }
                if state == nil || state?.isAsked == true { hints.append(id) }
            }
            if !hints.isEmpty { hint(hints) }
        } catch {
            // The next renewal tells the same.
        }
    }

    /// Reads how the claims stand that somebody here waits for, and who stands before them now.
    private func readGrants() {
        do {
            for (id, waiter) in waiters {
                if let state = try store.state(of: id) {
                    guard let grant = state.grant else { continue }
                    waiters.removeValue(forKey: id)
                    waiter.caller.resume(returning: .success(grant))
                } else {
                    waiters.removeValue(forKey: id)
                    own.remove(id)
                    waiter.caller.resume(returning: .failure(Self.gone))
                }
            }
            watched = []
            watchThose(before: Array(waiters.keys))
        } catch {
            // The next look or verb tries again, and says what is wrong.
            fileLookAt = BootClock.now + Self.fileInterval
        }
    }

    /// Notes which other processes stand first where these wait. Those that left stay noted until the next news.
    func watchThose(before ids: some Sequence<Claim.ID>) {
        do {
            var waiting: Int64?
            for id in ids.prefix(Self.waitersWatchedLimit) where watched.count < ClaimStore.processesListed {
                guard let (place, keys) = try store.position(of: id) else { continue }
                for key in keys {
                    let before = try store.processesFirst(on: key, before: place)
                    watched.formUnion(before.map(\.process))
                    waiting = min(waiting ?? .max, Int64(before.count { $0.waits }))
                }
            }
            if let waiting { rank = waiting }
            // The orphaned stay so for long, and what was found dead may not have been removed.
            judged = judged.filter { $0.value == .orphaned && watched.contains($0.key) }
            lifeLookAt = min(lifeLookAt, BootClock.now + Self.lifeInterval * (1 + rank))
        } catch {
            // Without the news the file is looked at soon.
            fileLookAt = BootClock.now
        }
    }

    /// Waits beyond this many rely on the looks at the file.
    static let waitersWatchedLimit = 1024
    /// How many file intervals may pass between two looks at the file.
    private static let fileIntervalsLimit: Int64 = 4

    /// The file was deleted or replaced: whatever was held in it is lost, and verbs go on in the new one.
    ///
    /// - Returns: why they cannot.
    @discardableResult
    func fileIsGone() -> LockError? {
        // It was away for a moment.
        if StoreFile.Identity(path: path) == identity { return nil }
        let lost = own
        defer { if !lost.isEmpty { hint(Array(lost)) } }
        own = []
        for waiter in waiters.values { waiter.caller.resume(returning: .failure(Self.gone)) }
        waiters = [:]
        watched = []
        do throws(LockError) {
            try StoreFile.refuseUnseen(path, liveness)
            // Whose turn it is in the new file.
            let turn = try WriteTurn(storePath: path)
            try turn.begin()
            defer { turn.end() }
            let (database, identity) = try StoreFile.open(path, boot: boot, directory: liveness.directory)
            store = try ClaimStore(
                database, process: liveness.processID, prefix: prefix, directory: liveness.directory,
                wallClock: wallClock)
            (self.turn, self.database, self.identity) = (turn, database, identity)
            return nil
        } catch {
            return error
        }
    }

    func close() {
        for waiter in waiters.values {
            waiter.caller.resume(returning: .failure(LockError(.cancelled, "the store was closed")))
        }
        waiters = [:]
        // Where claims are left, the file's lock goes with this process, and shows that they are free.
        if own.isEmpty { liveness.directory.forget(liveness.processID) }
    }
}
#endif
