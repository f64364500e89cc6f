/// What remembers, for each of many resources, the greatest fencing token that wrote to it.
///
/// It is asked by what stands before the resources and does not know them, as a middleware does. ``FenceGuards`` is the
/// one for resources of this process. Resources that outlive it, or that several processes write to, need a memory that
/// is kept with them: one whose check and whose write are one transaction of the resource. Where only the write itself
/// can check, ``FenceByHandler`` says so.
public protocol FenceMemory: Sendable {
    /// Lets a holder write to a resource, unless a later one has been there.
    ///
    /// From the check until `write` has ended, no other write to the resource may be let pass: else a later holder's
    /// could come in between, and be overwritten.
    ///
    /// - Parameters:
    ///   - token: of an exclusive lease; the same one may come any number of times.
    ///   - resource: what is written to, by the name that all who write to it use.
    ///   - write: what is done to it. Not called where the token is refused.
    /// - Throws: ``LockError/Code/staleToken`` where a greater token was seen; ``LockError/Code/limitExceeded`` where
    ///   nothing more can be remembered or nobody more can wait; `CancellationError` before `write` was called; else
    ///   what `write` throws.
    func admitting<R: Sendable>(
        _ token: FencingToken, to resource: String, _ write: () async throws -> R
    ) async throws -> R
}

/// No memory: the write checks the token itself, in a transaction of the resource, and throws
/// ``LockError/Code/staleToken``.
public struct FenceByHandler: FenceMemory {
    public init() {}

    /// Calls `write` at once.
    ///
    /// - Parameters:
    ///   - token: not looked at.
    ///   - resource: not looked at.
    ///   - write: carries the token to the resource.
    /// - Throws: what `write` throws.
    public func admitting<R: Sendable>(
        _ token: FencingToken, to resource: String, _ write: () async throws -> R
    ) async throws -> R { try await write() }
}
