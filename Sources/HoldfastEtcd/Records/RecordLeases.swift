#if Etcd
import Holdfast
import Synchronization

/// Leases that records share: each is granted for a quarter more than a record's time to live, and is taken for others
/// for as long as what is left of it is enough.
///
/// So a record lives its time to live at least, and a quarter more at most, in whole seconds, and not less than the
/// server grants. Nobody keeps these leases alive, and nobody revokes one that was used.
final class RecordLeases: Sendable {
    enum Taken: Equatable {
        case lease(Int64)
        /// The caller asks for one of so many seconds, and says so by ``RecordLeases/granted(_:_:)``.
        case grant(Int64)
        /// Another task asks for such a one.
        case wait(Int64)
    }

    typealias Grant = (id: Int64, timeToLive: Duration, sentAt: Duration)

    private struct Kept {
        let id: Int64
        /// Not before this.
        let endsAt: Duration
        var uses: Int
    }

    private struct State {
        /// As they were granted.
        var kept: [Kept] = []
        var granting: [Int64: [CheckedContinuation<LockError?, Never>]] = [:]
        /// The shortest life that the server grants, where one has come up.
        var shortest: Duration = .zero
    }

    private let leasesLimit: Int
    private let usesLimit: Int
    private let state = Mutex(State())

    init(leasesLimit: Int, usesLimit: Int) {
        self.leasesLimit = leasesLimit
        self.usesLimit = usesLimit
    }

    /// - Parameter mayWait: whether it may be told to wait for another task's.
    func take(for timeToLive: Duration, now: Duration, mayWait: Bool = true) -> Taken {
        let seconds = EtcdBackend.seconds(timeToLive + timeToLive / 4)
        return state.withLock { state in
            let longest = max(.seconds(seconds), state.shortest)
            let fit = state.kept.firstIndex {
                $0.uses < usesLimit && (timeToLive...longest).contains($0.endsAt - now)
            }
            if let fit {
                state.kept[fit].uses += 1
                return .lease(state.kept[fit].id)
            }
            if mayWait, state.granting[seconds] != nil { return .wait(seconds) }
            if state.granting[seconds] == nil { state.granting[seconds] = [] }
            return .grant(seconds)
        }
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

    /// A lease was granted, and its first use is the caller's; or it was not.
    func granted(_ seconds: Int64, _ grant: Result<Grant, LockError>) {
        var failure: LockError?
        let waiting = state.withLock { state in
            switch grant {
            case .success(let grant):
                if grant.timeToLive > .seconds(seconds) { state.shortest = grant.timeToLive }
                if state.kept.count >= leasesLimit { state.kept.removeFirst() }
                state.kept.append(Kept(id: grant.id, endsAt: grant.sentAt + grant.timeToLive, uses: 1))
            case .failure(let error): failure = error
            }
            return state.granting.removeValue(forKey: seconds) ?? []
        }
        for caller in waiting { caller.resume(returning: failure) }
    }

    /// A use came to nothing: nothing was attached.
    func giveBack(_ id: Int64) {
        state.withLock { state in
            guard let index = state.kept.firstIndex(where: { $0.id == id }) else { return }
            state.kept[index].uses -= 1
        }
    }

    /// The server does not know it any more.
    func forget(_ id: Int64) { state.withLock { $0.kept.removeAll { $0.id == id } } }

    /// To which nothing was ever attached.
    var unused: [Int64] { state.withLock { $0.kept.filter { $0.uses == 0 }.map(\.id) } }
}
#endif
