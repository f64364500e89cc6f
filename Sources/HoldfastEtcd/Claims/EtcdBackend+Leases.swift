#if Etcd
import Holdfast
import Logging
import Synchronization

extension EtcdBackend {
    /// This client's lease for a time to live; the caller uses it until it says that it does not.
    func lease(for timeToLive: Duration) async throws(LockError) -> Int64 {
        let seconds = Self.seconds(timeToLive)
        while true {
            switch try leases.take(seconds) {
            case .lease(let id): return id
            case .wait: try await leases.whenGranted(seconds)
            case .grant:
                let sentAt = roster.time.now
                do throws(LockError) {
                    // Others wait for it, too.
                    let answer = try await link.leaseGrant(timeToLive: seconds, isCancellable: false)
                    leases.granted(seconds, .success((answer.id, .seconds(answer.ttl), sentAt)))
                    begin(answer.id)
                    return answer.id
                } catch {
                    leases.granted(seconds, .failure(error))
                    throw error
                }
            }
        }
    }

    /// A lease has whole seconds.
    static func seconds(_ timeToLive: Duration) -> Int64 {
        let (seconds, rest) = timeToLive.components
        return max(1, rest > 0 ? seconds + 1 : seconds)
    }

    /// Keeps one lease alive for as long as it is needed.
    func keep(_ id: Int64) async {
        while !Task.isCancelled {
            switch leases.nextStep(id) {
            case .end: return
            case .wait(let bell, let until): await bell.wait(until: until, on: roster.time)
            case .renew(let joiners): await renew(id, joiners)
            case .revoke:
                // Where that fails the lease ends by itself.
                _ = try? await link.leaseRevoke(id)
                return
            }
        }
        _ = leases.drop(id, .failure(LockError(.unavailable, "this client has stopped")))
    }

    private func renew(_ id: Int64, _ joiners: [SharedLives.Joiner]) async {
        let answer: SharedLives.Answer
        do throws(LockError) {
            let kept = try await link.keepAlive(id)
            let bornAt = since(kept.sentAt)
            if kept.timeToLive <= 0 {
                lost(id)
                answer = .success(nil)
            } else {
                let timeToLive = Duration.seconds(kept.timeToLive)
                leases.renewalSucceeded(id, bornAt: bornAt, timeToLive: timeToLive)
                let asked = joiners.isEmpty ? [] : try await asked()
                answer = .success(SharedLives.Renewal(bornAt: bornAt, timeToLive: timeToLive, asked: asked))
            }
        } catch {
            leases.renewalFailed(id)
            answer = .failure(error)
        }
        for joiner in joiners { joiner.caller.resume(returning: answer) }
    }

    /// The store said that there is no such lease: none of its claims is left.
    func lost(_ id: Int64) {
        guard leases.drop(id) else { return }
        logger?.warning("etcd lease lost", metadata: ["lock.lease": "\(String(id, radix: 16))"])
        roster.update { state in
            for (claim, known) in state.claims where known.lease == id && known.phase != .placing { state.gone(claim) }
        }
    }

    /// An instant on the roster's time: rather too early than too late.
    func since(_ instant: ContinuousClock.Instant) -> Duration {
        let now = roster.time.now
        return now - (ContinuousClock.now - instant)
    }

    /// At the end: what this client still has is free at once.
    func revokeLeases() async {
        let ids = leases.all + recordLeases.unused
        await withDiscardingTaskGroup { group in
            for id in ids {
                group.addTask { _ = try? await self.link.leaseRevoke(id, isCancellable: false) }
            }
        }
    }

    /// A lease for tombstones. It ends by itself.
    func leaseForTombstone() async throws(LockError) -> Int64 {
        let now = roster.time.now
        if let known = tombstoneLease.withLock({ $0 }), now < known.since + bounds.tombstoneReuse { return known.id }
        let answer = try await link.leaseGrant(timeToLive: bounds.tombstoneLife, isCancellable: false)
        tombstoneLease.withLock { $0 = (answer.id, now) }
        return answer.id
    }
}
#endif
