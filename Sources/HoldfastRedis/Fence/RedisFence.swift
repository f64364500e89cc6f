#if Redis
public import Holdfast

/// A script by which Redis itself refuses the write of a holder that has lost its lock.
///
/// Beside each guarded key stands its fence, the greatest fencing token that came with a command on it. The script does
/// a command where no greater token came before, and remembers this one, in one step. ``command(_:_:on:token:mode:)``
/// gives the words for any client of Redis:
///
/// ```swift
/// try await locks.withLock("stock/42") { lease in
///     let count = try await redis.send(RedisFence.command("GET", on: "stock:42", token: lease.token))
///     try await redis.send(RedisFence.command("SET", [less(count)], on: "stock:42", token: lease.token))
/// }
/// ```
///
/// Read by it, too: from a holder's first command on, all that held the lock before are refused. What is written
/// without it is not seen. One round trip for a command, as without it.
public enum RedisFence {
    /// The first word of the error with which a stale holder's command is refused. Nothing was done.
    public static let refusal = "HFSTALE"

    /// The text, for `EVAL`.
    ///
    /// Keys: the guarded key, and its fence. Arguments: the token; `exclusive` or `shared`; the command; what stands
    /// behind the key in it. It answers what the command answers.
    public static let script = ScriptSet.whole(PackageResources.fence_lua, peerTurns: 0)

    /// The digest of ``script``, for `EVALSHA`, once a server knows the script by `SCRIPT LOAD`.
    public static let digest = SHA1.hex(Array(script.utf8))

    /// The name of a key's fence: `{stock:42}:hf:f`, in the slot of the key.
    ///
    /// It has no time to live. Whoever deletes a key for good deletes its fence no sooner than the last holder that
    /// may still wake up has ended.
    ///
    /// - Parameter key: on a cluster, a brace in it must be part of a `{hash tag}`.
    public static func fence(of key: String) -> String { KeyNames.stem(of: key) + "f" }

    /// The words of a guarded command, from `EVAL` on.
    ///
    /// - Parameters:
    ///   - command: any that a script may run, and whose first argument is its only key: `SET`, `GET`, `INCR`, `HSET`,
    ///     `DEL`, …
    ///   - arguments: what stands behind the key; none by default, at most 1,000.
    ///   - key: the guarded key: data, not the lock's own key.
    ///   - token: of the lease under which this is done.
    ///   - mode: of that lease. The tokens of readers are checked, and move no fence: of two either may be first.
    /// - Throws: ``LockError/Code/unsupported`` for permits, whose holders have no order among each other;
    ///   ``LockError/Code/limitExceeded`` for more arguments.
    public static func command(
        _ command: String, _ arguments: [String] = [], on key: String, token: FencingToken,
        mode: LockMode = .exclusive
    ) throws(LockError) -> [String] {
        let word: String
        switch mode {
        case .exclusive, .path(.exclusive): word = "exclusive"
        case .shared, .path: word = "shared"
        case .permits: throw LockError(.unsupported, "permits have no fence: several hold at once, in no order")
        }
        guard arguments.count <= argumentsLimit else {
            throw LockError(
                .limitExceeded, "a fenced command has at most \(argumentsLimit) arguments, not \(arguments.count)")
        }
        return ["EVAL", script, "2", key, fence(of: key), "\(token)", word, command] + arguments
    }

    /// Well below what the stack of Lua takes.
    private static let argumentsLimit = 1000
}
#endif
