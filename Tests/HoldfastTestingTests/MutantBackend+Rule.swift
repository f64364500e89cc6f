import Holdfast

/// The one rule, and how the mutants break it.
extension MutantBackend {
    func expire(_ state: inout State, now: Duration) {
        while let index = state.entries.firstIndex(where: { entry in
            entry.expiresAt <= now - (mutant == .expiredIsIgnoredNotRemoved ? .seconds(3) : .zero)
                || mutant == .liveWaiterIsPurged && entry.token == nil && now - entry.placedAt > .milliseconds(1500)
        }) { state.drop(index) }
    }

    func handOn(_ state: inout State) {
        let order = Array(state.entries.indices)
        for index in mutant == .lastComeFirstServed ? order.reversed() : order {
            guard state.entries[index].token == nil, !isBlocked(index, state.entries) else { continue }
            state.entries[index].token = nextToken(&state)
            if mutant == .noteIsLostAtTheGrant { state.entries[index].note = .empty }
        }
    }

    func nextToken(_ state: inout State) -> FencingToken? {
        state.grants += 1
        if mutant != .tokenRepeats || state.grants % 4 != 0 { state.lastToken += 1 }
        if mutant == .tokenFallsNowAndThen, state.grants % 16 == 0 { state.lastToken = max(1, state.lastToken - 8) }
        return FencingToken(rawValue: max(1, state.lastToken))
    }

    func mayMeet(_ claim: Claim, _ entries: [Entry]) -> Bool {
        claim.parts.allSatisfy { part in
            entries.allSatisfy { entry in
                entry.claim.parts.allSatisfy { other in
                    guard meet(part.key, other.key) else { return true }
                    switch (part.mode, other.mode) {
                    case (.permits(_, let mine), .permits(_, let theirs)):
                        return mine == theirs || mutant == .limitsMayDiffer
                    case (.permits, _), (_, .permits): return false
                    case (.path, .path): return true
                    case (.path, _), (_, .path): return mutant == .pathsMeetPlainClaims
                    default: return true
                    }
                }
            }
        }
    }

    func isBlocked(_ index: Int, _ entries: [Entry]) -> Bool {
        let parts = entries[index].claim.parts
        let now = time.now
        for part in mutant == .onlyTheFirstKeyCounts ? parts[..<1] : parts[...] {
            if case .path(let mode) = part.mode {
                if isBlocked(part.key, mode, at: index, entries) { return true }
                continue
            }
            var permits = 0
            for earlier in mutant == .lastComeFirstServed ? entries[...] : entries[..<index] {
                guard earlier.claim.id != entries[index].claim.id else { continue }
                if mutant == .expiredIsIgnoredNotRemoved, earlier.expiresAt <= now { continue }
                // Held claims block; whether waiting ones do is where the mutants differ.
                if earlier.token == nil, mutant == .lastComeFirstServed { continue }
                if earlier.token == nil, mutant == .waitingClaimFreesItsOtherKeys, earlier.claim.parts.count > 1 {
                    continue
                }
                for other in earlier.claim.parts where meet(part.key, other.key) {
                    switch (part.mode, other.mode) {
                    case (.shared, .shared): continue
                    case (.shared, _) where mutant == .readersOvertakeWriters && earlier.token == nil: continue
                    case (.permits(let mine, let limit), .permits(let theirs, _)):
                        permits = mutant == .permitsByPairs ? theirs : permits + theirs
                        if permits + mine > limit { return true }
                    default: return true
                    }
                }
            }
        }
        return false
    }

    /// Of a path: by any two of the claims up to this one.
    private func isBlocked(_ key: LockKey, _ mode: PathMode, at index: Int, _ entries: [Entry]) -> Bool {
        if mutant == .ancestorsAreLeftOut, mode.isIntention { return false }
        var before: [(index: Int, mode: PathMode)] = []
        let order = mutant == .lastComeFirstServed ? Array(entries.indices) : Array(entries[...index].indices)
        for place in order where place != index {
            let entry = entries[place]
            if mutant == .expiredIsIgnoredNotRemoved, entry.expiresAt <= time.now { continue }
            if entry.token == nil, mutant == .lastComeFirstServed { continue }
            if entry.token == nil, mutant == .waitingClaimFreesItsOtherKeys, entry.claim.parts.count > 1 { continue }
            for other in entry.claim.parts where meet(key, other.key) {
                guard case .path(let theirs) = other.mode else { return true }
                if mutant == .ancestorsAreLeftOut, theirs.isIntention { continue }
                before.append((place, theirs))
            }
        }
        if before.contains(where: { exclude($0.mode, mode) }) { return true }
        guard mutant != .pathsOvertake else { return false }
        return before.contains { one in before.contains { $0.index < one.index && exclude($0.mode, one.mode) } }
    }

    private func exclude(_ earlier: PathMode, _ later: PathMode) -> Bool {
        switch (earlier, later) {
        case (.exclusive, _), (_, .exclusive): true
        case (.upgradeable, .upgradeable): mutant != .secondUpgradeable
        case (.upgradeable, .shared), (.upgradeable, .intentionShared): mutant != .readersPassUpgradeable
        case (.intentionExclusive, .shared), (.shared, .intentionExclusive): mutant != .intentionsMeetReaders
        case (.intentionExclusive, .upgradeable), (.upgradeable, .intentionExclusive): true
        default: false
        }
    }

    private func meet(_ one: LockKey, _ other: LockKey) -> Bool {
        switch mutant {
        case .namesAreNormalised: one.text == other.text
        case .prefixesMeet: one == other || other.text.utf8.starts(with: (one.text + "/").utf8)
        default: one == other
        }
    }
}
