#if Redis
import Holdfast

extension RedisBackend {
    /// How often a call is made again where the server had more to clean up than one call may.
    static let againLimit = 1000

    /// Calls a script; a server that does not know it gets its text.
    func call(
        _ script: Script, keys: Int, arguments: Int, isUncancelled: Bool = false,
        _ write: (inout RedisCommand.Arguments) -> Void
    ) async throws(LockError) -> RESPValue {
        let epoch = try await epoch()
        let command = script.command(keys: keys, arguments: arguments, epoch: epoch, write)
        var reply = isUncancelled ? try await link.sendUncancelled(command) : try await link.send(command)
        if Script.isUnknown(reply) {
            let full = script.command(keys: keys, arguments: arguments, inFull: true, epoch: epoch, write)
            reply = isUncancelled ? try await link.sendUncancelled(full) : try await link.send(full)
        }
        if case .error(let text) = reply { throw Self.failure(text) }
        return reply
    }

    /// Calls a script that writes, and waits for the replicas that were asked for, on the same connection.
    func callDurably(
        _ script: Script, keys: Int, arguments: Int, _ write: (inout RedisCommand.Arguments) -> Void
    ) async throws(LockError) -> (reply: RESPValue, isDurable: Bool) {
        guard case .replicas(let wanted, let limit) = configuration.durability else {
            return (try await call(script, keys: keys, arguments: arguments, write), true)
        }
        let wait = RedisCommand("WAIT", "\(wanted)", "\(limit.nanoseconds / 1_000_000)")
        let epoch = try await epoch()
        let command = script.command(keys: keys, arguments: arguments, epoch: epoch, write)
        var replies = try await link.send([command, wait])
        if Script.isUnknown(replies[0]) {
            let full = script.command(keys: keys, arguments: arguments, inFull: true, epoch: epoch, write)
            replies = try await link.send([full, wait])
        }
        for case .error(let text) in replies { throw Self.failure(text) }
        return (replies[0], replies[1].int ?? 0 >= Int64(wanted))
    }

    /// Whether a cluster says that a key is another node's now: what stands there can no longer be kept from here.
    func hasMoved(_ error: LockError) -> Bool { ears.isCluster && error.code == .unsupported }

    /// Refuses what a cluster would spread over several slots.
    func requireOneSlot(_ string: String) throws(LockError) {
        guard ears.isCluster, KeyNames.hasStrayBrace(string) else { return }
        throw LockError(.invalidKey, "on a cluster a brace in a raw name must be part of a {hash tag}: \(string)")
    }

    /// What the server's life is known by; `nil` without a quarantine.
    private func epoch() async throws(LockError) -> Epoch? {
        guard let quarantine = configuration.quarantine else { return nil }
        // Known once there is a connection.
        if ears.run == nil { _ = try await link.send(RedisCommand("PING")) }
        return Epoch(run: ears.run ?? "", quarantine: Self.milliseconds(quarantine))
    }

    static func failure(_ text: String) -> LockError {
        guard text.contains("WRONGTYPE") else { return ServerFault.anyError(for: text) }
        return LockError(
            .storeUnusable, "a key beside the lock's own, which Holdfast keeps, is another program's: \(text)")
    }

    static let unexpected = LockError(.unavailable, "the server answered a script with something else than it says")

    func names(of claim: Claim) -> [KeyNames] {
        claim.parts.map { KeyNames(string: codec.string(of: $0.key)) }
    }

    static func milliseconds(_ duration: Duration) -> Int64 { max(1, duration.nanoseconds / 1_000_000) }
}
#endif
