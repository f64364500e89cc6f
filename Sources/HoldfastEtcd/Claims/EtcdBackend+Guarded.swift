#if Etcd
public import Holdfast
import SwiftProtobuf

extension EtcdBackend {
    /// Executes a transaction only while `lease` is held: the store decides, not this process's clock.
    ///
    /// - Parameters:
    ///   - transaction: with fewer operations than the server takes (`--max-txn-ops`, 128).
    ///   - lease: of this backend's client. A store that another backend reaches knows nothing of it.
    /// - Throws: ``LockError/Code/leaseLost`` where the claim is not held any more, and nothing was changed;
    ///   ``LockError/Code/unavailable`` where the outcome is unknown.
    public func guarded(
        _ transaction: EtcdTransaction, by lease: Lease
    ) async throws(LockError) -> EtcdTransaction.Outcome {
        try await guarded(transaction, id: lease.id, parts: lease.parts, token: lease.token)
    }

    func guarded(
        _ transaction: EtcdTransaction, id: Claim.ID, parts: [Claim.Part], token: FencingToken
    ) async throws(LockError) -> EtcdTransaction.Outcome {
        let own =
            roster.update { $0.claims[id]?.parts.map(\.claimKey) }
            ?? parts.map { NameCodec.claimKey(codec.stem(of: $0.key), id) }
        var request = Etcdserverpb_TxnRequest()
        request.compare = own.map { .created($0, at: token.rawValue) }
        request.compare += transaction.conditions.map(Self.compare)
        request.success = transaction.changes.map { change in
            switch change {
            case .put(let key, let value): .put(key, value, lease: 0)
            case .delete(let key): .delete(key)
            }
        }
        request.failure = own.map { .range(.presence($0)) }
        let answer = try await link.txn(request)
        if answer.succeeded { return .done(revision: answer.header.revision) }
        let isHeld = answer.responses.allSatisfy { $0.responseRange.kvs.first?.createRevision == token.rawValue }
        guard isHeld else {
            throw LockError(
                .leaseLost, "the lock is no longer held: the transaction was not executed", key: parts.first?.key)
        }
        return .unmet
    }

    private static func compare(_ condition: EtcdTransaction.Condition) -> Etcdserverpb_Compare {
        switch condition {
        case .value(let key, let value):
            .with {
                $0.key = key.data
                $0.target = .value
                $0.result = .equal
                $0.value = value.data
            }
        case .revision(let key, let revision): .written(key, at: revision)
        }
    }
}
#endif
