#if SQLite
import Glibc
import Holdfast
import HoldfastSQL

/// What the store's thread does and knows. Used on that thread alone.
final class StoreKeeper {
    /// While somebody here stands next: how often to look whether those before them live. A look costs a few system
    /// calls. Who stands further behind looks less often, so that a long queue costs little more than a short one.
    static let lifeInterval: Int64 = 25_000_000
    /// While somebody here waits: how often to look at the file, should a push have been lost.
    static let fileInterval: Int64 = 50_000_000
    /// While something is held here: how often to look whether the file is still there.
    static let identityInterval: Int64 = 100_000_000
    /// How long to wait for the next verb of a batch, and for all of them.
    private static let patience: Int64 = 40_000
    private static let gatherLimit: Int64 = 1_000_000

    let path: String
    let prefix: String
    let boot: String
    let liveness: SQLiteLiveness
    let thread: StoreThread
    let hint: @Sendable ([Claim.ID]) -> Void
    let wallClock: @Sendable () -> Int64
    var turn: WriteTurn
    var database: Database
    var store: ClaimStore
    var identity: StoreFile.Identity
    var waiters: [Claim.ID: StoreWaiter] = [:]
    /// What lives here, so that the loss of the file can be told.
    var own: Set<Claim.ID> = []
    /// The processes whose claims stand first where somebody here waits.
    var watched: Set<Int64> = []
    /// How many other processes wait before the first of ours.
    var rank: Int64 = 0
    var lastVersion: Int64 = -1
    var lifeLookAt: Int64 = 0
    var fileLookAt: Int64 = 0
    var identityLookAt: Int64 = 0
    /// Not before: where a tidying failed, the next one waits.
    var tidyAt: Int64 = 0
    /// How the watched were judged last: only a change is worth a transaction.
    var judged: [Int64: OwnerDirectory.Life] = [:]
    private var lastBatch = 0

    init(
        path: String, prefix: String, boot: String, liveness: SQLiteLiveness, thread: StoreThread,
        hint: @escaping @Sendable ([Claim.ID]) -> Void, wallClock: @escaping @Sendable () -> Int64
    ) throws(LockError) {
        self.path = path
        self.prefix = prefix
        self.boot = boot
        self.liveness = liveness
        self.thread = thread
        self.hint = hint
        self.wallClock = wallClock
        try StoreFile.refuseUnseen(path, liveness)
        let turn = try WriteTurn(storePath: path)
        self.turn = turn
        try turn.begin()
        defer { turn.end() }
        (database, identity) = try StoreFile.open(path, boot: boot, directory: liveness.directory)
        store = try ClaimStore(
            database, process: liveness.processID, prefix: prefix, directory: liveness.directory, wallClock: wallClock)
        let inUse = Set(try Self.processes(in: store))
        liveness.directory.sweep { inUse.contains($0) || $0 == liveness.processID }
    }

    private static func processes(in store: ClaimStore) throws(LockError) -> [Int64] {
        do { return try store.processes() } catch { throw Self.lockError(error) }
    }

    static func lockError(_ error: any Error) -> LockError {
        if error is FileMoved { return LockError(.unavailable, "the store's file is replaced again and again") }
        return error as? LockError ?? LockError(.unavailable, "the store failed: \(error)", cause: error)
    }

    func run() {
        while true {
            gather()
            let (operations, isClosing) = thread.take()
            lastBatch = operations.count
            if !operations.isEmpty {
                perform(operations)
            } else if isClosing {
                return close()
            }
            attend(sleeping: operations.isEmpty)
        }
    }

    /// The answers to a batch bring the next one. Waits while it comes in, since a flush costs far more: for one verb
    /// after one, for as many as there were after many.
    private func gather() {
        let wanted = lastBatch
        let begin = BootClock.now
        var seen = 0
        var growth = begin
        while seen < wanted {
            let now = BootClock.now
            guard now - growth < Self.patience, now - begin < Self.gatherLimit else { return }
            let queued = thread.queued
            if queued > seen { (seen, growth) = (queued, now) }
            sched_yield()
        }
    }

    /// One transaction for all of `operations`, then the answers.
    func perform(_ operations: [StoreOperation]) {
        let onlyReads = operations.allSatisfy { $0.onlyReads }
        // Removals and renewals need no flush of their own: a power cut ends the boot, and that frees all.
        var isDurable = operations.contains { $0.isFlushed } || !waiters.isEmpty
        var attempts = 0
        while true {
            do {
                if onlyReads { return try read(operations) }
                return try tell(transaction(operations, isDurable: isDurable))
            } catch is ClaimStore.NeedsDurability {
                isDurable = true
            } catch is FileMoved where attempts < 3 {
                attempts += 1
                if let error = fileIsGone() { return fail(operations, error, isGone: true) }
            } catch {
                return fail(operations, Self.lockError(error))
            }
        }
    }

    /// - Parameter isGone: whether what was held here is held no more.
    private func fail(_ operations: [StoreOperation], _ error: LockError, isGone: Bool = false) {
        for operation in operations {
            switch operation {
            case .cancelGrant(let id, let ticket): cancel(id, ticket)
            case .extend(let ids, _, let caller) where isGone:
                caller.resume(returning: .success(Extension(gone: Set(ids))))
            case .remove(_, let caller) where isGone: caller.resume(returning: .success(.absent))
            default: operation.fail(error)
            }
        }
    }

    struct FileMoved: Error {}

    /// Reads take no turn, and wait for nobody's flush.
    private func read(_ operations: [StoreOperation]) throws {
        let answers = try operations.compactMap { try answer($0) }
        guard StoreFile.Identity(path: path) == identity else { throw FileMoved() }
        for case .plain(let tell) in answers { tell() }
    }

    private func transaction(_ operations: [StoreOperation], isDurable: Bool) throws -> [StoreAnswer] {
        try turn.begin()
        defer { turn.end() }
        try database.flushesCommits(isDurable)
        try store.sql.begin.run()
        do {
            try store.begin(now: BootClock.now, mayGrant: isDurable)
            let answers = try operations.compactMap { try answer($0) }
            try store.end()
            guard StoreFile.Identity(path: path) == identity else { throw FileMoved() }
            try store.sql.commit.run()
            return answers
        } catch {
            if database.isInTransaction { try database.execute("ROLLBACK") }
            throw error
        }
    }

    private func answer(_ operation: StoreOperation) throws -> StoreAnswer? {
        switch operation {
        case .place(let claim, let condition, let caller):
            do {
                return .place(claim.id, caller, .success(try store.place(claim, condition)))
            } catch let error as LockError where error.code == .modeConflict {
                // Found before anything was written: the batch goes on.
                return .place(claim.id, caller, .failure(error))
            }
        case .remove(let id, let caller): return .remove(id, caller, try store.remove(id))
        case .extend(let ids, let timeToLive, let caller):
            return .extend(ids, caller, try store.extend(ids, for: timeToLive))
        case .ask(let id, let caller): return .ask(caller, try store.ask(id))
        case .grant(let id, let ticket, let caller):
            let state = try store.state(of: id)
            return .grant(id, StoreWaiter(ticket: ticket, caller: caller), state?.grant, isThere: state != nil)
        case .cancelGrant(let id, let ticket): return .cancelGrant(id, ticket)
        case .list(let prefix, let limit, let caller):
            try store.removeTheDead(among: try store.processes())
            return .list(caller, try store.list(prefix: prefix, limit: limit))
        case .annotate, .readRecord, .writeRecord, .deleteRecord: return try answerPlainly(operation)
        case .tidy:
            try store.removeTheDead(among: Array(watched))
            return nil
        }
    }

    /// What concerns nobody but its caller.
    private func answerPlainly(_ operation: StoreOperation) throws -> StoreAnswer? {
        switch operation {
        case .annotate(let id, let note, let caller):
            let removal = try store.annotate(id, with: note)
            return .plain { caller.resume(returning: .success(removal)) }
        case .readRecord(let key, let caller):
            let record = try store.records.read(key)
            return .plain { caller.resume(returning: .success(record)) }
        case .writeRecord(let change, let caller):
            let result = try write(change)
            return .plain { caller.resume(returning: result) }
        case .deleteRecord(let key, let expected, let caller):
            let isDeleted = try store.records.delete(key, expecting: expected)
            return .plain { caller.resume(returning: .success(isDeleted)) }
        default: return nil
        }
    }

    private func write(_ change: RecordChange) throws -> Result<RecordWrite, LockError> {
        do {
            return .success(
                try store.records.write(
                    change.value, to: change.key, expecting: change.expected, timeToLive: change.timeToLive))
        } catch  where [.invalidKey, .invalidArgument, .limitExceeded].contains(error.code) {
            // Found before anything was written: the batch goes on.
            return .failure(error)
        }
    }

    /// The transaction is on disk: callers and other processes may know.
    private func tell(_ answers: [StoreAnswer]) {
        for case .place(let id, _, .success(let placement)) in answers where placement != .refused {
            own.insert(id)
        }
        // Before the callers know: theirs may be the last verb of a command that ends at once.
        for (process, push) in store.woken { liveness.directory.wake(process, push) }
        // Before the grants: a verb of the same transaction may have granted what a verb before it asked about.
        for case .grant(let id, let waiter, let grant, let isThere) in answers {
            answer(waiter, for: id, grant, isThere: isThere)
        }
        for id in store.gone {
            own.remove(id)
            waiters.removeValue(forKey: id)?.caller.resume(returning: .failure(Self.gone))
        }
        for (id, grant) in store.granted { waiters.removeValue(forKey: id)?.caller.resume(returning: .success(grant)) }
        for answer in answers {
            switch answer {
            case .place(_, let caller, let result): caller.resume(returning: result)
            case .remove(let id, let caller, let removal):
                own.remove(id)
                caller.resume(returning: .success(removal))
            case .ask(let caller, let removal): caller.resume(returning: .success(removal))
            case .extend(let ids, let caller, let outcome):
                // What was thought lost may be there again.
                own.formUnion(ids)
                own.subtract(outcome.gone)
                caller.resume(returning: .success(outcome))
            case .list(let caller, let records): caller.resume(returning: .success(records))
            case .cancelGrant(let id, let ticket): cancel(id, ticket)
            case .plain(let tell): tell()
            case .grant: continue
            }
        }
        if waiters.isEmpty { watched = [] }
    }

    private func cancel(_ id: Claim.ID, _ ticket: UInt64) {
        guard waiters[id]?.ticket == ticket else { return }
        waiters.removeValue(forKey: id)?.caller.resume(returning: .failure(Self.cancelled))
    }

    /// Answers a wait at once, or keeps it.
    private func answer(_ waiter: StoreWaiter, for id: Claim.ID, _ grant: Grant?, isThere: Bool) {
        if let grant {
            waiter.caller.resume(returning: .success(grant))
        } else if !isThere {
            waiter.caller.resume(returning: .failure(Self.gone))
        } else if waiters[id] != nil {
            waiter.caller.resume(returning: .failure(Self.awaited))
        } else {
            waiters[id] = waiter
            watchThose(before: [id])
        }
    }

    private static let cancelled = LockError(.cancelled, "the task that waited for the grant was cancelled")
    private static let awaited = LockError(.invalidArgument, "one task already awaits this claim's grant")
    static let gone = LockError(.leaseLost, "the claim was removed or has expired")
}
#endif
