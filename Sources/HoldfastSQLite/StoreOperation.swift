#if SQLite
    import Holdfast

    /// One verb on its way to the store's thread, with the caller that awaits its answer.
    enum StoreOperation: Sendable {
        typealias Caller<Answer: Sendable> = CheckedContinuation<Result<Answer, LockError>, Never>

        case place(Claim, PlaceCondition, Caller<Placement>)
        case remove(Claim.ID, Caller<Removal>)
        case extend([Claim.ID], Duration, Caller<Extension>)
        case ask(Claim.ID, Caller<Removal>)
        case grant(Claim.ID, Caller<Grant>)
        case cancelGrant(Claim.ID)
        case list(String, Int, Caller<[ClaimRecord]>)
        /// Removes what has expired and what the dead have left, for those who wait here.
        case tidy

        /// Whether it may make a grant by itself. Others may where they remove what somebody waits behind.
        var places: Bool { if case .place = self { true } else { false } }

        func fail(_ error: LockError) {
            switch self {
            case .place(_, _, let caller): caller.resume(returning: .failure(error))
            case .remove(_, let caller): caller.resume(returning: .failure(error))
            case .extend(_, _, let caller): caller.resume(returning: .failure(error))
            case .ask(_, let caller): caller.resume(returning: .failure(error))
            case .grant(_, let caller): caller.resume(returning: .failure(error))
            case .list(_, _, let caller): caller.resume(returning: .failure(error))
            case .cancelGrant, .tidy: break
            }
        }
    }

    /// What is told to callers once the transaction is on disk.
    enum StoreAnswer {
        case place(Claim.ID, StoreOperation.Caller<Placement>, Result<Placement, LockError>)
        case remove(StoreOperation.Caller<Removal>, Removal)
        case extend(StoreOperation.Caller<Extension>, Extension)
        case list(StoreOperation.Caller<[ClaimRecord]>, [ClaimRecord])
        case grant(Claim.ID, StoreOperation.Caller<Grant>, Grant?, isThere: Bool)
        case cancelGrant(Claim.ID)
    }
#endif
