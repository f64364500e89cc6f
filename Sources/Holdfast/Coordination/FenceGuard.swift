import Synchronization

/// What a resource of this process has seen of the fencing tokens: it refuses a holder that has lost its lock.
///
/// One guard stands before one resource, and every write passes it. Only exclusive tokens advance it. Shared ones are
/// checked and never kept: of two readers at once, the later one's token says nothing against the earlier. Permits have
/// no order that a fence could keep.
///
/// A check protects a write only where no other write comes between the two. Inside an actor, or under a lock that the
/// writes take, ``admit(_:mode:)`` is enough; elsewhere write within ``admitting(_:mode:_:)``.
public final class FenceGuard: Sendable {
    private let fence: Mutex<FencingToken?>

    /// Makes a guard.
    ///
    /// - Parameter seen: the greatest exclusive token that the resource remembers; none by default, which admits all.
    public init(seen: FencingToken? = nil) { fence = Mutex(seen) }

    /// The greatest exclusive token so far: what a resource that outlives the guard keeps with its data.
    public var greatest: FencingToken? { fence.withLock { $0 } }

    /// Lets a holder pass, unless a later one has been here. Constant time, and nothing is awaited.
    ///
    /// - Parameters:
    ///   - token: the lease's; the same one may come any number of times.
    ///   - mode: how the lease holds the key; exclusive by default.
    /// - Throws: ``LockError/Code/staleToken`` where a greater exclusive token was seen;
    ///   ``LockError/Code/invalidArgument`` for permits.
    public func admit(_ token: FencingToken, mode: LockMode = .exclusive) throws(LockError) {
        let outcome = fence.withLock { fence -> Result<Void, LockError> in
            do throws(LockError) {
                return .success(try Self.pass(token, mode, &fence))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    /// Lets a holder pass and write, while nobody else passes.
    ///
    /// - Parameters:
    ///   - token: the lease's.
    ///   - mode: how the lease holds the key; exclusive by default.
    ///   - write: what is done to the resource: short, and without a call to this guard, which would wait for itself.
    /// - Throws: as ``admit(_:mode:)``, before anything is written; else what `write` throws.
    public func admitting<R: Sendable>(
        _ token: FencingToken, mode: LockMode = .exclusive, _ write: () throws -> R
    ) throws -> R {
        try fence.withLock { fence in
            try Self.pass(token, mode, &fence)
            return try write()
        }
    }

    static func pass(
        _ token: FencingToken, _ mode: LockMode, _ fence: inout FencingToken?
    ) throws(LockError) {
        if case .permits = mode {
            throw LockError(
                .invalidArgument,
                "permits have no fence: several hold them at once; guard the resource by an exclusive key"
            )
        }
        if let fence, token < fence {
            throw LockError(
                .staleToken,
                "token \(token) is older than \(fence): the lock was lost, and another has held it since; do not write")
        }
        if mode.isExclusive { fence = token }
    }
}
