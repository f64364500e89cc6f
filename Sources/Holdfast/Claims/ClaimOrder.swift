/// The claims on one lock as a store lists them, in their order there, and the one rule: pure.
///
/// - Note: `Key` names a claim in the store, `revision` is what they are ordered by.
package struct ClaimOrder<Key: Hashable & Sendable>: Sendable {
    package struct Entry: Sendable, Equatable {
        package let key: Key
        package let revision: Int64
        package let mode: LockMode
        package let lease: Int64

        package init(key: Key, revision: Int64, mode: LockMode, lease: Int64 = 0) {
            self.key = key
            self.revision = revision
            self.mode = mode
            self.lease = lease
        }
    }

    /// How a claim stands on one lock. Once clear it stays so: nothing is ever placed before it.
    package enum Standing: Sendable, Equatable {
        case clear
        /// Until one of these keys is deleted nothing can change.
        case blocked(watch: [Key])
        case absent
    }

    /// Oldest first.
    package let entries: [Entry]

    package init(_ entries: [Entry]) { self.entries = entries }

    package func index(of key: Key) -> Int? { entries.lastIndex { $0.key == key } }

    package func standing(of key: Key) -> Standing {
        guard let index = index(of: key) else { return .absent }
        return standing(entries[index].mode, behind: entries[..<index])
    }

    /// How a claim would stand that is placed now.
    package func standingAtEnd(_ mode: LockMode) -> Standing { standing(mode, behind: entries[...]) }

    private func standing(_ mode: LockMode, behind earlier: ArraySlice<Entry>) -> Standing {
        switch mode {
        case .exclusive, .shared:
            // All blockers must go, so that the last one is enough to watch.
            let last = earlier.last { mode.isBlocked(by: $0.mode) }
            return last.map { .blocked(watch: [$0.key]) } ?? .clear
        case .path: return pathStanding(mode, behind: earlier)
        case .permits(let count, let limit):
            var need = earlier.reduce(count - limit) { $0 + Self.permits($1.mode, limit) }
            guard need > 0 else { return .clear }
            // The oldest, as many as are not enough even if all of them go, need no watch.
            var watched = earlier
            while let oldest = watched.first, Self.permits(oldest.mode, limit) < need {
                need -= Self.permits(oldest.mode, limit)
                watched.removeFirst()
            }
            return .blocked(watch: watched.map(\.key))
        }
    }

    /// A claim on a path is clear where no two of the claims up to it exclude each other: neither one before it and
    /// itself, nor two before it, of which the later waits, and nobody overtakes who waits.
    ///
    /// One such pair is enough to watch, and of a pair with itself its other one. For as long as the whole pair stands
    /// in the queue, the claim is not clear, whoever else leaves and whoever comes behind; so that whoever sleeps on a
    /// pair sleeps rightly, and is woken by the first of the two to leave, to look anew. Nothing is ever placed before
    /// a claim, so that no pair appears in front of it, and it is clear for good when the last is gone.
    ///
    /// Of all pairs the one is taken whose later claim is the last, with the last that this one waits for: the others
    /// are gone, or going, when it goes.
    private func pathStanding(_ mode: LockMode, behind earlier: ArraySlice<Entry>) -> Standing {
        if let last = earlier.last(where: { mode.isBlocked(by: $0.mode) }) { return .blocked(watch: [last.key]) }
        // Of each mode the last is enough to look at.
        var seen: [LockMode: Int] = [:]
        var pair: (Int, Int)?
        for index in earlier.indices {
            let later = earlier[index].mode
            if let before = seen.filter({ later.isBlocked(by: $0.key) }).map(\.value).max() { pair = (before, index) }
            seen[later] = index
        }
        return pair.map { .blocked(watch: [earlier[$0.0].key, earlier[$0.1].key]) } ?? .clear
    }

    /// Which claims nobody blocks: always the oldest ones.
    package var clear: [Bool] {
        var permits = 0
        var hasExclusive = false
        var hasShared = false
        var path: PathSum? = PathSum()
        return entries.enumerated().map { index, entry in
            switch entry.mode {
            case .exclusive:
                hasExclusive = true
                return index == 0
            case .shared:
                hasShared = true
                return !hasExclusive && permits == 0 && path == PathSum()
            case .permits(let count, let limit):
                permits += count
                return !hasExclusive && !hasShared && permits <= limit && path == PathSum()
            case .path(let mode):
                guard !hasExclusive, !hasShared, permits == 0, path?.admits(mode) == true else {
                    path = nil
                    return false
                }
                path?.add(mode)
                return true
            }
        }
    }

    /// The oldest claim before `key` whose mode may not meet `mode`: only the later of two has to give way.
    package func conflict(with mode: LockMode, before key: Key?) -> LockMode? {
        let earlier = key.flatMap { index(of: $0) }.map { entries[..<$0] } ?? entries[...]
        guard let oldest = earlier.first, !mode.mayMeet(oldest.mode) else { return nil }
        return oldest.mode
    }

    /// What a claim takes of `limit`; another family's all of it.
    private static func permits(_ mode: LockMode, _ limit: Int) -> Int {
        guard case .permits(let count, _) = mode else { return limit }
        return count
    }
}
