#if SQLite
import CSQLite
import Glibc
import Holdfast

extension StoreKeeper {
    /// Attends to pushes from other processes and to what is due; where nothing is queued, sleeps until then.
    func attend(sleeping: Bool) {
        let now = BootClock.now
        if waiters.isEmpty {
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
        let isPushed = descriptors[1].revents != 0
        if isPushed { drainPushes() }
        look(isPushed: isPushed)
    }

    /// Until the next look, rounded up, so that its time has come when `poll` returns; -1 where none is due.
    private func milliseconds(from now: Int64) -> Int32 {
        var next = Int64.max
        if !waiters.isEmpty {
            next = min(fileLookAt, max(now, store.nextExpiry))
            // Where all who stand before ours are ours, nobody needs to be watched.
            if !watched.isEmpty { next = min(next, lifeLookAt) }
        }
        if !own.isEmpty { next = min(next, identityLookAt) }
        return next == .max ? -1 : Int32(clamping: max(0, next - now + 999_999) / 1_000_000)
    }

    private func drainPushes() {
        var buffer = [UInt8](repeating: 0, count: 256)
        while read(liveness.wakeDescriptor, &buffer, buffer.count) == buffer.count {}
    }

    private func look(isPushed: Bool) {
        let now = BootClock.now
        if !own.isEmpty, now >= identityLookAt {
            identityLookAt = now + Self.identityInterval
            if StoreFile.Identity(path: path) != identity { return fileIsGone() }
        }
        if isPushed { readNews() }
        guard !waiters.isEmpty else { return }
        if now >= store.nextExpiry { return perform([.tidy]) }
        if now >= lifeLookAt {
            lifeLookAt = now + Self.lifeInterval
            if watched.contains(where: isGone) { perform([.tidy]) }
        }
        if now >= fileLookAt {
            fileLookAt = now + Self.fileInterval
            readNewsIfCommitted()
        }
    }

    private func isGone(_ process: Int64) -> Bool {
        if case .lives = liveness.directory.life(of: process) { false } else { true }
    }

    private func readNewsIfCommitted() {
        // A failure shows at the next verb; until then there is no news.
        guard let version = try? store.dataVersion(), version != lastVersion else { return }
        lastVersion = version
        readNews()
    }

    /// Reads how the claims stand that somebody here waits for, and hints at those that are gone or asked for.
    private func readNews() {
        do {
            var hints: [Claim.ID] = []
            for id in own {
                let state = try store.state(of: id)
                if state == nil || state?.isAsked == true { hints.append(id) }
                guard let waiter = waiters[id] else { continue }
                if let state {
                    guard let grant = state.grant else { continue }
                    waiters.removeValue(forKey: id)
                    waiter.caller.resume(returning: .success(grant))
                } else {
                    waiters.removeValue(forKey: id)
                    own.remove(id)
                    waiter.caller.resume(returning: .failure(Self.gone))
                }
            }
            if !hints.isEmpty { hint(hints) }
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
            for id in ids.prefix(Self.waitersWatchedLimit) where watched.count < ClaimStore.processesListed {
                for key in try store.keys(of: id) { watched.formUnion(try store.processesFirst(on: key)) }
            }
        } catch {
            // Without the news the file is looked at soon.
            fileLookAt = BootClock.now
        }
    }

    /// Waits beyond this many rely on the looks at the file.
    static let waitersWatchedLimit = 1024

    /// The file was deleted or replaced: whatever was held in it is lost, and verbs go on in the new one.
    func fileIsGone() {
        let lost = own
        own = []
        for waiter in waiters.values { waiter.caller.resume(returning: .failure(Self.gone)) }
        waiters = [:]
        watched = []
        do throws(LockError) {
            try turn.begin()
            defer { turn.end() }
            let (database, identity) = try StoreFile.open(path, boot: boot, directory: liveness.directory)
            store = try ClaimStore(
                database, process: liveness.processID, prefix: prefix, directory: liveness.directory)
            (self.database, self.identity) = (database, identity)
            isSynchronous = true
        } catch {
            // The next verb finds the file as it is, and says what is wrong.
            identityLookAt = BootClock.now + Self.fileInterval
        }
        if !lost.isEmpty { hint(Array(lost)) }
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
