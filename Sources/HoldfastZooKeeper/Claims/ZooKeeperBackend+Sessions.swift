#if ZooKeeper
import Holdfast
import Logging
import Synchronization

extension ZooKeeperBackend {
    /// This client's session for a time to live; the caller uses it until it says that it does not.
    func session(for timeToLive: Duration) async throws(LockError) -> (life: Int64, session: ZooKeeperSession) {
        let wanted = Int64(timeToLive / .milliseconds(1))
        while true {
            let life: Int64
            switch try lives.take(wanted) {
            case .lease(let known): life = known
            case .wait:
                try await lives.whenGranted(wanted)
                continue
            case .grant: life = try await opened(wanted)
            }
            if let session = sessions.withLock({ $0[life]?.session }) { return (life, session) }
            lives.release([life])
        }
    }

    private func opened(_ wanted: Int64) async throws(LockError) -> Int64 {
        let live = LiveSession(
            ZooKeeperSession(
                configuration: configuration,
                sessionTimeout: max(.milliseconds(wanted), configuration.tickTime * bounds.leastTicks),
                bounds: sessionBounds, logger: logger))
        let life = roster.update { state -> Int64 in
            state.tickets += 1
            return Int64(state.tickets)
        }
        sessions.withLock { $0[life] = live }
        let sentAt = roster.time.now
        begin(life)
        do throws(LockError) {
            try await connected(live.session)
            let validity = try validity(of: live.session, wanted: .milliseconds(wanted))
            lives.granted(wanted, .success((life, validity, sentAt)))
            return life
        } catch {
            lives.granted(wanted, .failure(error))
            live.end.ring()
            throw error
        }
    }

    /// Any request waits for the connection: a session that none of the servers has greeted fails it in time.
    private func connected(_ session: ZooKeeperSession) async throws(LockError) {
        do throws(ZooKeeperError) {
            // Others wait for it, too.
            try await session.sync("/", isCancellable: false)
        } catch {
            throw error.lockError
        }
    }

    /// How long a claim lives for certain from the sending of a `sync` that was answered.
    ///
    /// The server may count a session's time from its own last word with it, and a follower may have been cut off for a
    /// tick before it knows.
    private func validity(of session: ZooKeeperSession, wanted: Duration) throws(LockError) -> Duration {
        let granted = session.negotiatedTimeout
        let validity = granted * 2 / 3 - configuration.tickTime
        guard validity > .zero, granted >= wanted else {
            throw LockError(
                .invalidArgument,
                "the ensemble grants sessions of \(granted) at most, and its ticks are \(configuration.tickTime): ask "
                    + "for a time to live of no more, or raise the servers' maxSessionTimeout; tick= is their tickTime")
        }
        return validity
    }

    /// Keeps one session for as long as it is needed.
    func keep(_ life: Int64) async {
        guard let live = sessions.withLock({ $0[life] }) else { return }
        await withTaskGroup(of: Void.self) { group in
            group.addTask(executorPreference: ZooKeeperLoop.executor) {
                await live.run()
                self.lost(life)
            }
            group.addTask(executorPreference: ZooKeeperLoop.executor) { await self.renew(life, live) }
            await group.waitForAll()
        }
        _ = lives.drop(life, .failure(LockError(.unavailable, "this client has stopped")))
        _ = sessions.withLock { $0.removeValue(forKey: life) }
    }

    private func renew(_ life: Int64, _ live: LiveSession) async {
        // It is known there once it is connected.
        var wasKnown = false
        while !Task.isCancelled, !live.session.state.isFinal {
            switch lives.nextStep(life) {
            case .end:
                guard !wasKnown else { return }
                try? await roster.time.sleep(until: roster.time.now + bounds.retryPause)
            case .wait(let bell, let until):
                wasKnown = true
                await bell.wait(until: until, on: roster.time)
            case .renew(let joiners):
                wasKnown = true
                await sync(life, live.session, joiners)
            case .revoke: return live.end.ring()
            }
        }
    }

    /// A round trip to the leader, which alone knows that the session lives: pings prove nothing.
    private func sync(_ life: Int64, _ session: ZooKeeperSession, _ joiners: [SharedLives.Joiner]) async {
        let answer: SharedLives.Answer
        let sentAt = roster.time.now
        do {
            try await session.sync("/")
            let validity = try validity(of: session, wanted: .zero)
            lives.renewalSucceeded(life, bornAt: sentAt, timeToLive: validity)
            answer = .success(SharedLives.Renewal(bornAt: sentAt, timeToLive: validity))
        } catch let error as ZooKeeperError {
            if error.fault == .sessionExpired {
                lost(life)
                answer = .success(nil)
            } else {
                lives.renewalFailed(life)
                answer = .failure(error.lockError)
            }
        } catch {
            lives.renewalFailed(life)
            answer = .failure(error as? LockError ?? Roster.unexpected)
        }
        for joiner in joiners { joiner.caller.resume(returning: answer) }
    }

    /// A session is over: none of its claims is left, or will be for long.
    func lost(_ life: Int64) {
        guard lives.drop(life) else { return }
        roster.update { $0.ended(life) }
    }
}
#endif
