#if Etcd
import Holdfast
import Synchronization

/// This client's leases, one for each time to live: what all of its claims are attached to.
///
/// A lease's life counts from the sending of its last acknowledged renewal, and a claim's life with it.
final class Leases: Sendable {
    /// What a renewal brought.
    struct Renewal: Sendable {
        /// When it was sent, on ``Leases/time``.
        let bornAt: Duration
        let timeToLive: Duration
        /// Claims whose owners are asked to let go.
        let asked: Set<Claim.ID>
    }

    /// `nil`: the lease is lost.
    typealias Answer = Result<Renewal?, LockError>

    struct Joiner {
        let ticket: UInt64
        let caller: CheckedContinuation<Answer, Never>
    }

    struct Lease {
        let seconds: Int64
        /// As granted: the server raises short ones.
        var timeToLive: Duration
        var bornAt: Duration
        var users = 1
        var idleSince: Duration = .zero
        /// Takes no more claims, and is revoked after the last.
        var isRetired = false
        /// After a failure.
        var retryAt: Duration?
        /// When the next renewal that is asked for would be due at a steady pace.
        var paceAt: Duration = .zero
        /// They want a renewal that is not sent yet.
        var joiners: [Joiner] = []
        let bell = Bell()
    }

    struct State {
        var leases: [Int64: Lease] = [:]
        var current: [Int64: Int64] = [:]
        var granting: [Int64: [CheckedContinuation<LockError?, Never>]] = [:]
        var tickets: UInt64 = 0
    }

    enum Taken {
        case lease(Int64)
        /// The caller asks for one, and says so by ``Leases/granted(_:_:)``.
        case grant
        case wait
    }

    /// What the keeper of a lease does next.
    enum Step {
        case wait(Bell, until: Duration)
        case renew([Joiner])
        case revoke
        case end
    }

    let time: Timekeeper
    let bounds: ClaimBounds
    private let state = Mutex(State())

    init(time: Timekeeper, bounds: ClaimBounds) {
        self.time = time
        self.bounds = bounds
    }

    func take(_ seconds: Int64) throws(LockError) -> Taken {
        let taken: Taken? = state.withLock { state in
            if let id = state.current[seconds] {
                state.leases[id]?.users += 1
                return .lease(id)
            }
            if state.granting[seconds] != nil { return .wait }
            guard state.leases.count + state.granting.count >= bounds.leasesLimit else {
                state.granting[seconds] = []
                return .grant
            }
            // A longer life is none the worse.
            let longer = state.leases.filter {
                $0.value.seconds >= seconds && state.current[$0.value.seconds] == $0.key
            }
            guard let id = longer.min(by: { $0.value.seconds < $1.value.seconds })?.key else { return nil }
            state.leases[id]?.users += 1
            return .lease(id)
        }
        guard let taken else {
            throw LockError(
                .limitExceeded, "this client has \(bounds.leasesLimit) leases; ask for fewer different times to live")
        }
        return taken
    }

    /// Waits until another task's question for a lease is answered.
    func whenGranted(_ seconds: Int64) async throws(LockError) {
        let error: LockError? = await withCheckedContinuation { caller in
            let isOver = state.withLock { state in
                guard state.granting[seconds] != nil else { return true }
                state.granting[seconds]?.append(caller)
                return false
            }
            if isOver { caller.resume(returning: nil) }
        }
        if let error { throw error }
    }

    func granted(_ seconds: Int64, _ grant: Result<(id: Int64, timeToLive: Int64, sentAt: Duration), LockError>) {
        var failure: LockError?
        let waiting = state.withLock { state in
            switch grant {
            case .success(let grant):
                state.leases[grant.id] = Lease(
                    seconds: seconds, timeToLive: .seconds(grant.timeToLive), bornAt: grant.sentAt)
                state.current[seconds] = grant.id
            case .failure(let error): failure = error
            }
            return state.granting.removeValue(forKey: seconds) ?? []
        }
        for caller in waiting { caller.resume(returning: failure) }
    }

    func release(_ ids: [Int64]) {
        let now = time.now
        let bells = state.withLock { state in
            ids.compactMap { id -> Bell? in
                guard let users = state.leases[id]?.users else { return nil }
                state.leases[id]?.users = users - 1
                guard users == 1 else { return nil }
                state.leases[id]?.idleSince = now
                // Its keeper sleeps no longer than until the next renewal in any case.
                return state.leases[id]?.isRetired == true || bounds.idleLimit < Self.shortIdle
                    ? state.leases[id]?.bell : nil
            }
        }
        for bell in bells { bell.ring() }
    }

    private static let shortIdle: Duration = .seconds(1)

    /// Gives no more claims to a lease: a place that may yet be executed under it is then over with it.
    func retire(_ id: Int64) {
        state.withLock { state in
            guard let lease = state.leases[id], state.leases.count < bounds.leasesLimit / 2 else { return }
            state.leases[id]?.isRetired = true
            if state.current[lease.seconds] == id { state.current[lease.seconds] = nil }
        }
    }

    /// `nil` where the lease is lost.
    func life(of id: Int64) -> (bornAt: Duration, timeToLive: Duration)? {
        state.withLock { state in state.leases[id].map { ($0.bornAt, $0.timeToLive) } }
    }

    /// The time to live that a lease was asked for.
    func seconds(of id: Int64) -> Int64? { state.withLock { $0.leases[id]?.seconds } }

    /// How much of a life of `wanted` is over that began at `bornAt` and lasts `granted`.
    func age(bornAt: Duration, granted: Duration, wanted: Duration, now: Duration) -> Duration {
        max(.zero, now - bornAt - (granted - wanted))
    }
}

// MARK: - Renewal

extension Leases {
    /// A renewal that is sent after this call, together with all others who want one then.
    func renewed(_ id: Int64) async throws(LockError) -> Renewal? {
        let ticket = state.withLock { state in
            state.tickets += 1
            return state.tickets
        }
        let answer: Answer = await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                let (early, bell) = state.withLock { state -> (Answer?, Bell?) in
                    guard let lease = state.leases[id] else { return (.success(nil), nil) }
                    guard !Task.isCancelled else { return (.failure(Self.cancelled), nil) }
                    state.leases[id]?.joiners.append(Joiner(ticket: ticket, caller: caller))
                    return (nil, lease.bell)
                }
                if let early { caller.resume(returning: early) }
                bell?.ring()
            }
        } onCancel: {
            let joiner = state.withLock { state -> Joiner? in
                guard let index = state.leases[id]?.joiners.firstIndex(where: { $0.ticket == ticket }) else {
                    return nil
                }
                return state.leases[id]?.joiners.remove(at: index)
            }
            joiner?.caller.resume(returning: .failure(Self.cancelled))
        }
        return try answer.get()
    }

    private static let cancelled = LockError(.cancelled, "the task was cancelled before the renewal was answered")

    func nextStep(_ id: Int64) -> Step {
        state.withLock { state in
            guard let lease = state.leases[id] else { return .end }
            let now = time.now
            let idleLimit = lease.isRetired ? .zero : bounds.idleLimit
            let idleAt = lease.users == 0 ? lease.idleSince + idleLimit : nil
            if let idleAt, now >= idleAt, lease.joiners.isEmpty {
                state.drop(id)
                return .revoke
            }
            let pause = bounds.renewalPause(lease.timeToLive)
            var dueAt = lease.retryAt ?? lease.bornAt + ClaimBounds.renewalInterval(lease.timeToLive)
            if !lease.joiners.isEmpty { dueAt = min(dueAt, lease.paceAt - pause * bounds.renewalBurst) }
            guard now >= dueAt else { return .wait(lease.bell, until: min(dueAt, idleAt ?? dueAt)) }
            state.leases[id]?.paceAt = max(lease.paceAt, now) + pause
            state.leases[id]?.joiners = []
            return .renew(lease.joiners)
        }
    }

    func renewalSucceeded(_ id: Int64, bornAt: Duration, timeToLive: Duration) {
        state.withLock { state in
            guard let lease = state.leases[id] else { return }
            state.leases[id]?.bornAt = max(lease.bornAt, bornAt)
            state.leases[id]?.timeToLive = timeToLive
            state.leases[id]?.retryAt = nil
        }
    }

    func renewalFailed(_ id: Int64) {
        state.withLock { state in
            guard let lease = state.leases[id] else { return }
            state.leases[id]?.retryAt = time.now + ClaimBounds.retryInterval(lease.timeToLive)
        }
    }

    /// A lease is lost, or nobody keeps it any more.
    ///
    /// - Returns: whether it was known.
    func drop(_ id: Int64, _ answer: Answer = .success(nil)) -> Bool {
        let lease = state.withLock { $0.drop(id) }
        for joiner in lease?.joiners ?? [] { joiner.caller.resume(returning: answer) }
        lease?.bell.ring()
        return lease != nil
    }

    var all: [Int64] { state.withLock { Array($0.leases.keys) } }
}

extension Leases.State {
    @discardableResult
    fileprivate mutating func drop(_ id: Int64) -> Leases.Lease? {
        guard let lease = leases.removeValue(forKey: id) else { return nil }
        if current[lease.seconds] == id { current[lease.seconds] = nil }
        return lease
    }
}
#endif
