#if Etcd
import Holdfast

/// The claims on one lock in the order of their create revisions, and the one rule: pure.
struct KeyOrder: Sendable {
    struct Entry: Sendable, Equatable {
        let key: [UInt8]
        let revision: Int64
        let mode: LockMode
        var lease: Int64 = 0
    }

    /// How a claim stands on one lock. Once clear it stays so: nothing is ever placed before it.
    enum Standing: Sendable, Equatable {
        case clear
        /// Until one of these keys is deleted nothing can change.
        case blocked(watch: [[UInt8]])
        case absent
    }

    /// Oldest first.
    let entries: [Entry]

    init(_ entries: [Entry]) { self.entries = entries }

    func index(of key: [UInt8]) -> Int? { entries.lastIndex { $0.key == key } }

    func standing(of key: [UInt8]) -> Standing {
        guard let index = index(of: key) else { return .absent }
        return standing(entries[index].mode, behind: entries[..<index])
    }

    /// How a claim would stand that is placed now.
    func standingAtEnd(_ mode: LockMode) -> Standing { standing(mode, behind: entries[...]) }

    private func standing(_ mode: LockMode, behind earlier: ArraySlice<Entry>) -> Standing {
        switch mode {
        case .exclusive, .shared:
            // All blockers must go, so that the last one is enough to watch.
            let last = earlier.last { mode.isBlocked(by: $0.mode) }
            return last.map { .blocked(watch: [$0.key]) } ?? .clear
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

    /// Which claims nobody blocks: always the oldest ones.
    var clear: [Bool] {
        var permits = 0
        var hasExclusive = false
        var hasShared = false
        return entries.enumerated().map { index, entry in
            switch entry.mode {
            case .exclusive:
                hasExclusive = true
                return index == 0
            case .shared:
                hasShared = true
                return !hasExclusive && permits == 0
            case .permits(let count, let limit):
                permits += count
                return !hasExclusive && !hasShared && permits <= limit
            }
        }
    }

    /// The oldest claim before `key` whose mode may not meet `mode`: only the later of two has to give way.
    func conflict(with mode: LockMode, before key: [UInt8]?) -> LockMode? {
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
#endif
