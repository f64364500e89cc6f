#if Redis
import Holdfast
import Synchronization

extension RedisBackend {
    /// Keys that the server looks at in one step of a scan.
    static let scanStep = 1000

    /// Goes through the keys that may belong to locks whose names begin with `prefix`, page by page.
    ///
    /// - Parameter body: gets the names of a page; returns whether to go on.
    func scan(
        beginningWith prefix: String, isUncancelled: Bool = false,
        _ body: ([String]) async throws(LockError) -> Bool
    ) async throws(LockError) {
        let pattern = codec.pattern(beginningWith: prefix)
        var cursor = "0"
        repeat {
            let command = RedisCommand("SCAN", cursor, "MATCH", pattern, "COUNT", "\(Self.scanStep)")
            let reply = isUncancelled ? try await link.sendUncancelled(command) : try await link.send(command)
            if case .error(let text) = reply { throw Self.failure(text) }
            guard let halves = reply.elements, halves.count == 2, let next = halves[0].text,
                let names = halves[1].elements
            else { throw Self.unexpected }
            cursor = next
            let isToGoOn = try await body(names.compactMap(\.text))
            if !isToGoOn { return }
        } while cursor != "0"
    }

    /// Finds where claims stand that other clients placed: goes through the keys under the prefix.
    ///
    /// Only for what an operator asks for; a client knows its own.
    func locate(_ ids: [Claim.ID], isUncancelled: Bool) async throws(LockError) -> [Claim.ID: [KeyNames]] {
        var found: [Claim.ID: [KeyNames]] = [:]
        var wanted: Set<Claim.ID> = []
        roster.state.withLock { state in
            for id in ids where !state.departed.contains(id) {
                if let keys = state.elsewhere[id] { found[id] = keys } else { wanted.insert(id) }
            }
        }
        guard !wanted.isEmpty else { return found }
        try await scan(beginningWith: "", isUncancelled: isUncancelled) { names throws(LockError) in
            for (id, keys) in try await search(names, for: wanted, isUncancelled: isUncancelled) {
                wanted.remove(id)
                found[id] = keys
            }
            return !wanted.isEmpty
        }
        return found
    }

    private func search(
        _ names: [String], for wanted: Set<Claim.ID>, isUncancelled: Bool
    ) async throws(LockError) -> [Claim.ID: [KeyNames]] {
        let queues = names.filter { KeyNames.string(ofQueue: $0) != nil }
        let strings = names.filter { codec.key(of: $0) != nil }
        let ids = wanted.map(\.description)
        // Each by itself: on a cluster they are in many slots, and a string of another type fails alone.
        var commands = strings.map { RedisCommand("GET", $0) }
        for queue in queues {
            guard let string = KeyNames.string(ofQueue: queue) else { continue }
            commands.append(RedisCommand("HMGET", [KeyNames(string: string).entries] + ids))
        }
        guard !commands.isEmpty else { return [:] }
        let replies = isUncancelled ? try await link.sendUncancelled(commands) : try await link.send(commands)
        for case .error(let text) in replies {
            // What cannot be read is not known to be absent. What moved to another node is no longer in this store, and
            // a key of another type holds no claim of ours.
            if let fault = ServerFault.error(for: text), fault.code != .unsupported { throw fault }
        }
        var found: [Claim.ID: [KeyNames]] = [:]
        for (string, value) in zip(strings, replies) {
            guard let text = value.text, let claim = StoredClaim(string: text), wanted.contains(claim.id)
            else { continue }
            found[claim.id] = Self.keys(of: claim, on: string)
        }
        for (queue, reply) in zip(queues, replies.dropFirst(strings.count)) {
            guard let string = KeyNames.string(ofQueue: queue) else { continue }
            for (id, value) in zip(ids, reply.elements ?? []) {
                guard let text = value.text, let claim = StoredClaim(id: id, entry: text) else { continue }
                found[claim.id] = Self.keys(of: claim, on: string)
            }
        }
        return found
    }

    static func keys(of claim: StoredClaim, on string: String) -> [KeyNames] {
        claim.strings.isEmpty ? [KeyNames(string: string)] : claim.strings.map { KeyNames(string: $0) }
    }
}
#endif
