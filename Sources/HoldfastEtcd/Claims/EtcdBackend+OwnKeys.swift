#if Etcd
import Holdfast

extension EtcdBackend {
    /// Watches the keys of claims that have lived for a while: an operator may delete them, or revoke their lease.
    ///
    /// Claims that come and go faster cost no watch.
    func watchOwnKeys() async {
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled {
                let (due, until) = roster.update { $0.unwatched(bounds, now: roster.time.now) }
                guard !due.isEmpty else {
                    await roster.watcherBell.wait(until: until, on: roster.time)
                    continue
                }
                do throws(LockError) {
                    for (id, watches) in try await watch(due) {
                        let isNeeded = roster.update { state in
                            guard state.claims[id]?.isLive == true else { return false }
                            state.claims[id]?.watches = watches
                            return true
                        }
                        for watch in watches {
                            if isNeeded { group.addTask { await self.listen(watch, id) } } else { watch.cancel() }
                        }
                    }
                } catch {
                    roster.update { state in for (id, _) in due { state.watchLater(id, now: roster.time.now) } }
                    // A cancelled sleep ends the loop above.
                    try? await roster.time.sleep(until: roster.time.now + bounds.retryPause)
                }
            }
            group.cancelAll()
        }
    }

    private func listen(_ watch: EtcdWatch, _ id: Claim.ID) async {
        for await events in watch where events.contains(where: { $0.type == .delete }) {
            roster.update { $0.gone(id) }
            return
        }
        // Lost with its stream, perhaps: it wants a new one.
        if case .cancelled = watch.end { return }
        roster.update { $0.watchLater(id, now: roster.time.now) }
    }

    /// Begins to watch these keys, and looks whether they are there.
    private func watch(
        _ due: [(id: Claim.ID, keys: [[UInt8]])]
    ) async throws(LockError) -> [Claim.ID: [EtcdWatch]] {
        let wanted = due.flatMap { claim in claim.keys.map { (id: claim.id, key: $0) } }
        typealias Begun = (id: Claim.ID, watch: Result<EtcdWatch, LockError>)
        let begun = await withTaskGroup(of: Begun.self) { group in
            for (id, key) in wanted {
                group.addTask {
                    do throws(LockError) {
                        return (id, .success(try await self.link.watch(key: key, ignoresPuts: true)))
                    } catch {
                        return (id, .failure(error))
                    }
                }
            }
            return await group.reduce(into: [Begun]()) { $0.append($1) }
        }
        var watches: [Claim.ID: [EtcdWatch]] = [:]
        for (id, watch) in begun { watches[id, default: []].append(try watch.get()) }
        for batch in wanted.batches(of: bounds.readsLimit) {
            var request = Etcdserverpb_TxnRequest()
            request.success = batch.map { .range(.presence($0.key)) }
            let answer = try await link.txn(request)
            guard answer.responses.count == batch.count else { throw Self.unexpected }
            for ((id, _), found) in zip(batch, answer.responses) where found.responseRange.kvs.isEmpty {
                roster.update { $0.gone(id) }
            }
        }
        return watches
    }
}

extension Roster.State {
    /// Claims whose keys should be watched now; else when to look again.
    fileprivate mutating func unwatched(
        _ bounds: ClaimBounds, now: Duration
    ) -> (due: [(id: Claim.ID, keys: [[UInt8]])], until: Duration?) {
        var due: [(id: Claim.ID, keys: [[UInt8]])] = []
        while nextUnwatched < unwatched.count, due.count < bounds.watchesAtOnce {
            let (id, since) = unwatched[nextUnwatched]
            guard let claim = claims[id], claim.isLive, claim.watches.isEmpty else {
                nextUnwatched += 1
                continue
            }
            guard since + bounds.watchAfter <= now else { break }
            due.append((id, claim.parts.map(\.claimKey)))
            nextUnwatched += 1
        }
        if nextUnwatched > Self.readLimit, nextUnwatched > unwatched.count / 2 {
            unwatched.removeFirst(nextUnwatched)
            nextUnwatched = 0
        }
        guard due.isEmpty else { return (due, nil) }
        guard nextUnwatched < unwatched.count else {
            watcherSleeps = true
            return ([], nil)
        }
        return ([], unwatched[nextUnwatched].since + bounds.watchAfter)
    }

    /// A watch was lost, or could not begin.
    fileprivate mutating func watchLater(_ id: Claim.ID, now: Duration) {
        guard claims[id]?.isLive == true else { return }
        claims[id]?.watches = []
        unwatched.append((id, now))
        guard watcherSleeps else { return }
        watcherSleeps = false
        effects.bells.append(watcherBell)
    }
}
#endif
