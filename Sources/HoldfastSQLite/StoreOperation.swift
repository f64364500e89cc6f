#if SQLite
import Holdfast

/// One verb on its way to the store's thread, with the caller that awaits its answer.
enum StoreOperation: Sendable {
    typealias Caller<Answer: Sendable> = CheckedContinuation<Result<Answer, LockError>, Never>

    case place(Claim, PlaceCondition, Caller<Placement>)
    case remove(Claim.ID, Caller<Removal>)
    case extend([Claim.ID], Duration, Caller<Extension>)
    case ask(Claim.ID, Caller<Removal>)
    case annotate(Claim.ID, ClaimNote, Caller<Removal>)
    /// The number tells one task's wait from another's for the same claim.
    case grant(Claim.ID, UInt64, Caller<Grant>)
    case cancelGrant(Claim.ID, UInt64)
    case list(String, Int, Caller<[ClaimRecord]>)
    case readRecord(LockKey, Caller<Record?>)
    case writeRecord(RecordChange, Caller<RecordWrite>)
    case deleteRecord(LockKey, Record.Version, Caller<Bool>)
    /// Removes what has expired and what the dead have left, for those who wait here.
    case tidy

    /// Whether its answer may say that something is on disk: a grant, a record. Removals may grant too, where somebody
    /// waits behind what they remove.
    var isFlushed: Bool {
        switch self {
        case .place, .writeRecord, .deleteRecord: true
        default: false
        }
    }

    /// Whether it changes nothing, and needs no turn to write.
    var onlyReads: Bool { if case .readRecord = self { true } else { false } }

    func fail(_ error: LockError) {
        switch self {
        case .place(_, _, let caller): caller.resume(returning: .failure(error))
        case .remove(_, let caller): caller.resume(returning: .failure(error))
        case .extend(_, _, let caller): caller.resume(returning: .failure(error))
        case .ask(_, let caller): caller.resume(returning: .failure(error))
        case .annotate(_, _, let caller): caller.resume(returning: .failure(error))
        case .grant(_, _, let caller): caller.resume(returning: .failure(error))
        case .list(_, _, let caller): caller.resume(returning: .failure(error))
        case .readRecord(_, let caller): caller.resume(returning: .failure(error))
        case .writeRecord(_, let caller): caller.resume(returning: .failure(error))
        case .deleteRecord(_, _, let caller): caller.resume(returning: .failure(error))
        case .cancelGrant, .tidy: break
        }
    }
}

/// A conditional write of a record.
struct RecordChange: Sendable {
    let key: LockKey
    let value: [UInt8]
    let expected: Record.Version?
    let timeToLive: Duration?
}

/// One task's wait for a grant.
struct StoreWaiter {
    let ticket: UInt64
    let caller: StoreOperation.Caller<Grant>
}

/// What is told to callers once the transaction is on disk.
enum StoreAnswer {
    case place(Claim.ID, StoreOperation.Caller<Placement>, Result<Placement, LockError>)
    case remove(Claim.ID, StoreOperation.Caller<Removal>, Removal)
    case ask(StoreOperation.Caller<Removal>, Removal)
    case extend([Claim.ID], StoreOperation.Caller<Extension>, Extension)
    case list(StoreOperation.Caller<[ClaimRecord]>, [ClaimRecord])
    case grant(Claim.ID, StoreWaiter, Grant?, isThere: Bool)
    case cancelGrant(Claim.ID, UInt64)
    /// What needs no more than to be told.
    case plain(() -> Void)
}
#endif
