#if Redis
public import Holdfast
import Synchronization

extension RedisBackend {
    public func place(_ claim: Claim, _ condition: PlaceCondition) async throws(LockError) -> Placement {
        let (names, tail, isNew) = enter(claim)
        do throws(LockError) {
            for name in names { try requireOneSlot(name.string) }
            for _ in 0..<Self.againLimit {
                if let placement = try await placeOnce(claim, names, tail, condition) { return placement }
            }
            throw LockError(.unavailable, "the key's dead holders are still being cleaned up: try again")
        } catch {
            // What is not known may have been done: it is removed by the keys that are remembered.
            if !error.isOutcomeUnknown || isNew && error.wasNeverSent { roster.forget(claim.id) }
            throw error
        }
    }

    /// - Returns: `nil` where the server wants to be called again.
    private func placeOnce(
        _ claim: Claim, _ names: [KeyNames], _ tail: String, _ condition: PlaceCondition
    ) async throws(LockError) -> Placement? {
        let parts = claim.parts
        let (reply, isDurable) = try await callDurably(
            scripts.place, keys: names.count * KeyNames.count, arguments: 4 + parts.count
        ) { written in
            for name in names { name.append(to: &written) }
            written.append(claim.id.description)
            written.append(Self.milliseconds(claim.timeToLive))
            written.append(tail)
            written.append(condition == .ifFree ? "1" : "0")
            for part in parts { written.append(Self.wish(part.mode)) }
        }
        switch reply {
        case .integer(let token) where token > 0:
            guard let token = FencingToken(rawValue: token) else { throw Self.unexpected }
            guard isDurable else { throw tooFewReplicas(claim) }
            let waiter = roster.state.withLock { $0.settle(claim.id, .held(token)) }
            waiter?.caller.resume(returning: .success(Grant(token: token)))
            return .held(Grant(token: token))
        case .integer(0), .integer(-2):
            guard isDurable else { throw tooFewReplicas(claim) }
            let interval = reply == .integer(0) ? Roster.lookInterval : Roster.peerLookInterval
            roster.waits(claim.id, lookAt: roster.time.now + Roster.spread(interval))
            return .waiting()
        case .integer(-1):
            roster.forget(claim.id)
            return .refused
        case .integer(-6): return nil
        case .array(let values): throw try await refusal(values, claim)
        default: throw Self.unexpected
        }
    }

    /// Notes a claim before it is placed: its grant may be pushed before the place is answered.
    private func enter(_ claim: Claim) -> (names: [KeyNames], tail: String, isNew: Bool) {
        let names = names(of: claim)
        let life = Self.milliseconds(claim.timeToLive)
        let (owner, isNew) = roster.state.withLock { state in
            let isNew = state.claims[claim.id] == nil
            if let known = state.claims[claim.id] {
                if case .gone = known.phase { state.claims[claim.id]?.phase = .placing }
                state.claims[claim.id]?.longestLife = max(life, known.longestLife)
            } else {
                let isExclusive = claim.parts.allSatisfy { $0.mode == .exclusive }
                state.claims[claim.id] = LocalClaim(keys: names, isExclusive: isExclusive, longestLife: life)
                if !state.departed.isEmpty { state.departed.remove(claim.id) }
            }
            if let known = state.owner, known.owner == claim.owner { return (known.text, isNew) }
            let text = OwnerText.text(claim.owner)
            state.owner = (claim.owner, text)
            return (text, isNew)
        }
        var tail = " " + ears.channel + owner
        if claim.note != .empty { tail += " " + claim.note.encoded }
        if names.count > 1 { for name in names { tail += "\n" + name.string } }
        return (names, tail, isNew)
    }

    static func wish(_ mode: LockMode) -> String {
        switch mode {
        case .exclusive: "x"
        case .shared: "s"
        case .permits(let count, let limit): "p\(count)/\(limit)"
        case .path(let mode): "t\(mode.rawValue)"
        }
    }

    private func tooFewReplicas(_ claim: Claim) -> LockError {
        LockError(
            .unavailable, "fewer replicas than asked for have the claim: it is not taken", key: claim.parts[0].key)
    }

    private func refusal(_ values: [RESPValue], _ claim: Claim) async throws(LockError) -> LockError {
        if values.count == 3, values[0] == .integer(-5), let left = values[2].int {
            return LockError(
                .unavailable, "the server restarted or lost its data: nothing is granted for another \(left) ms")
        }
        guard values.count == 3, let code = values[0].int, let place = values[1].int, let text = values[2].text,
            claim.parts.indices.contains(Int(place) - 1)
        else { throw Self.unexpected }
        let part = claim.parts[Int(place) - 1]
        guard code == -4 else {
            return LockError(
                .modeConflict,
                "\(part.mode) was asked for where the key is in use for \(text); use one mode family and one limit",
                key: part.key)
        }
        let string = codec.string(of: part.key)
        let layout = try await PeerLayout.of(string, type: text, link)
        return LockError(
            .storeUnusable, "the key \(string) is \(layout): it excludes no string lock; choose another prefix",
            key: part.key)
    }
}
#endif
