#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    /// Executes a transaction only while `lease` is held: the store decides, not this process's clock.
    ///
    /// One round trip, in the session that the claim is bound to.
    ///
    /// - Parameters:
    ///   - transaction: no larger than what the servers take (`jute.maxbuffer`, 1 MiB).
    ///   - lease: of this backend's client. A store that another backend reaches knows nothing of it.
    /// - Throws: ``LockError/Code/leaseLost`` where the claim is not held any more, and nothing was changed;
    ///   ``LockError/Code/unavailable`` where the outcome is unknown; ``LockError/Code/invalidArgument`` for what is no
    ///   path or no version; ``LockError/Code/denied`` where the store refuses; ``LockError/Code/cancelled`` where the
    ///   task was cancelled before the outcome was known.
    public func guarded(
        _ transaction: ZooKeeperTransaction, by lease: Lease
    ) async throws(LockError) -> ZooKeeperTransaction.Outcome {
        try await guarded(transaction, id: lease.id)
    }

    func guarded(
        _ transaction: ZooKeeperTransaction, id: Claim.ID
    ) async throws(LockError) -> ZooKeeperTransaction.Outcome {
        let operations = try transaction.operations
        guard let claim = roster.update({ $0.claims[id] }), claim.phase == .held else { throw Self.late }
        // A node's name has the claim's number and the store's: no other ever stands there.
        let own = claim.parts.map { Operation.check(path: $0.path) }
        do throws(ZooKeeperError) {
            let (results, zxid) = try await claim.session.multi(own + operations)
            guard let fault = results.fault else { return .done(zxid: zxid) }
            if results.prefix(own.count).contains(.failed(.noNode)) {
                roster.update { $0.gone(id) }
                throw .failed(Self.late)
            }
            switch fault {
            case .noNode, .nodeExists, .badVersion, .notEmpty: return .unmet
            default: throw ZooKeeperError(fault)
            }
        } catch {
            guard error.fault == .sessionExpired else { throw error.lockError }
            lost(claim.life)
            throw Self.late
        }
    }

    private static let late = LockError(
        .leaseLost, "the lock is no longer held: the transaction was not executed")
}

extension ZooKeeperTransaction {
    var operations: [Operation] {
        get throws(LockError) {
            var operations: [Operation] = []
            for condition in conditions {
                switch condition {
                case .exists(let path): operations.append(.check(path: try Self.checked(path)))
                case .version(let path, let version):
                    operations.append(.check(path: try Self.checked(path), version: try Self.checked(version)))
                }
            }
            for change in changes {
                switch change {
                case .create(let path, let data):
                    operations.append(.create(path: try Self.checked(path), data: data, mode: .persistent))
                case .set(let path, let data, let version):
                    operations.append(
                        .setData(path: try Self.checked(path), data: data, version: try Self.checked(version)))
                case .delete(let path, let version):
                    operations.append(.delete(path: try Self.checked(path), version: try Self.checked(version)))
                }
            }
            return operations
        }
    }

    private static func checked(_ path: String) throws(LockError) -> String {
        if path.isEmpty { throw LockError(.invalidArgument, "a path is missing: write /orders/42") }
        guard let problem = NodePath.problem(with: path) else { return path }
        throw LockError(.invalidArgument, "\(path) is no path in ZooKeeper: \(problem)")
    }

    /// On the wire -1 is any.
    private static func checked(_ version: Int32?) throws(LockError) -> Int32 {
        guard let version else { return -1 }
        guard version >= 0 else { throw LockError(.invalidArgument, "a version is not negative; nil is for any") }
        return version
    }
}
#endif
