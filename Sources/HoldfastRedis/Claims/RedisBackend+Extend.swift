#if Redis
public import Holdfast
import Synchronization

extension RedisBackend {
    /// Strings in one call of `renew`, and keys in one call of `extend`: a call occupies the server for well under a
    /// millisecond.
    static let renewalsPerCall = 128
    static let keysPerCall = 64

    typealias Located = (id: Claim.ID, keys: [KeyNames])

    public func extend(_ ids: [Claim.ID], for timeToLive: Duration) async throws(LockError) -> Extension {
        let life = Self.milliseconds(timeToLive)
        var simple: [Located] = []
        var others: [Located] = []
        var unknown: [Claim.ID] = []
        roster.state.withLock { state in
            for id in ids {
                guard let claim = state.claims[id] else {
                    unknown.append(id)
                    continue
                }
                if claim.isExclusive, claim.isHeld, life >= claim.longestLife {
                    simple.append((id, claim.keys))
                } else {
                    others.append((id, claim.keys))
                }
                if life > claim.longestLife { state.claims[id]?.longestLife = life }
            }
        }
        var outcome = Extension()
        if !unknown.isEmpty {
            let found = try await locate(unknown, isUncancelled: false)
            for id in unknown {
                if let keys = found[id] { others.append((id, keys)) } else { outcome.gone.insert(id) }
            }
        }
        others += try await renew(simple, milliseconds: life)
        let rest = try await extend(others, milliseconds: life)
        outcome.gone.formUnion(rest.gone)
        outcome.asked.formUnion(rest.asked)
        return outcome
    }

    /// The usual renewal: exclusive holders whose strings are as they should be.
    ///
    /// - Returns: those that are not, to be asked about in full.
    private func renew(_ claims: [Located], milliseconds: Int64) async throws(LockError) -> [Located] {
        var others: [Located] = []
        for batch in split(claims, strings: Self.renewalsPerCall) {
            let odd: Set<Int64>
            do throws(LockError) {
                odd = try await renewOnce(batch, milliseconds)
            } catch {
                guard hasMoved(error) else { throw error }
                others += batch
                continue
            }
            guard !odd.isEmpty else { continue }
            var number: Int64 = 0
            for claim in batch {
                let range = number + 1...number + Int64(claim.keys.count)
                number = range.upperBound
                if range.contains(where: odd.contains) { others.append(claim) }
            }
        }
        return others
    }

    /// - Returns: the numbers of the strings, from 1, that are not as they should be.
    private func renewOnce(_ batch: [Located], _ milliseconds: Int64) async throws(LockError) -> Set<Int64> {
        let strings = batch.reduce(0) { $0 + $1.keys.count }
        let (reply, isDurable) = try await callDurably(scripts.renew, keys: strings, arguments: 1 + strings) {
            written in
            for claim in batch { for key in claim.keys { written.append(key.string) } }
            written.append(milliseconds)
            for claim in batch {
                let id = claim.id.description
                for _ in claim.keys { written.append(id) }
            }
        }
        guard let numbers = reply.elements?.compactMap(\.int) else { throw Self.unexpected }
        guard isDurable else { throw Self.tooFewReplicas }
        return Set(numbers)
    }

    func extend(_ claims: [Located], milliseconds: Int64) async throws(LockError) -> Extension {
        var outcome = Extension()
        for batch in split(claims, strings: Self.keysPerCall) {
            let numbers: [Int64]
            do throws(LockError) {
                numbers = try await extendOnce(batch, milliseconds)
            } catch {
                guard hasMoved(error) else { throw error }
                // The others of the call are not to be lost with it.
                numbers = batch.flatMap { _ in [-1, 0] }
            }
            for (index, claim) in batch.enumerated() {
                let state = numbers[2 * index]
                if state < 0 {
                    outcome.gone.insert(claim.id)
                    roster.gone(claim.id)
                    continue
                }
                if numbers[2 * index + 1] == 1 { outcome.asked.insert(claim.id) }
                // A push that was lost.
                if let token = FencingToken(rawValue: state) { roster.granted(claim.id, token) }
            }
        }
        return outcome
    }

    /// - Returns: two numbers per claim, as `extend.lua` says.
    private func extendOnce(_ batch: [Located], _ milliseconds: Int64) async throws(LockError) -> [Int64] {
        let keys = batch.reduce(0) { $0 + $1.keys.count }
        let (reply, isDurable) = try await callDurably(
            scripts.extend, keys: keys * KeyNames.count, arguments: 1 + 2 * batch.count
        ) { written in
            for claim in batch { for key in claim.keys { key.append(to: &written) } }
            written.append(milliseconds)
            for claim in batch {
                written.append(claim.id.description)
                written.append(Int64(claim.keys.count))
            }
        }
        guard let numbers = reply.elements?.compactMap(\.int), numbers.count == 2 * batch.count else {
            throw Self.unexpected
        }
        guard isDurable else { throw Self.tooFewReplicas }
        return numbers
    }

    /// Batches of claims with at most so many keys together; one by one on a cluster, where each has a slot of its own.
    private func split(_ claims: [Located], strings: Int) -> [[Located]] {
        var batches: [[Located]] = []
        var room = 0
        for claim in claims {
            if batches.isEmpty || claim.keys.count > room || ears.isCluster {
                batches.append([])
                room = strings
            }
            batches[batches.count - 1].append(claim)
            room -= claim.keys.count
        }
        return batches
    }

    private static let tooFewReplicas = LockError(
        .unavailable, "fewer replicas than asked for have the extension in time")
}
#endif
