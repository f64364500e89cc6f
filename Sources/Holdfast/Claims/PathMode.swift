/// How a claim wants a key of a path: what stands on the path itself, and what its ancestors get for it.
///
/// The raw value is the mode's number in stores.
public enum PathMode: Int, Sendable, Hashable, CaseIterable {
    /// On an ancestor: something below is locked shared.
    case intentionShared = 0
    /// On an ancestor: something below is locked exclusively, or may come to be.
    case intentionExclusive = 1
    /// Together with other readers of the key and of all below.
    case shared = 2
    /// As shared, beside the readers who were there before; whoever comes later waits.
    case upgradeable = 3
    /// Alone, on the key and on all below.
    case exclusive = 4

    /// Whether a later claim may hold a key beside an earlier one.
    ///
    /// It is the same in both orders but for the upgradeable mode, which comes to readers and lets none come.
    public func mayHold(behind earlier: PathMode) -> Bool {
        switch (self, earlier) {
        case (.exclusive, _), (_, .exclusive), (_, .upgradeable): false
        case (.intentionShared, _), (_, .intentionShared): true
        case (.intentionExclusive, .intentionExclusive): true
        case (.intentionExclusive, _), (_, .intentionExclusive): false
        default: true
        }
    }

    /// Whether it is there for what is locked below alone.
    public var isIntention: Bool { self == .intentionShared || self == .intentionExclusive }

    /// Whether who holds a key in this mode needs no claim of its own to have it in the `other`.
    func covers(_ other: PathMode) -> Bool {
        switch (self, other) {
        case (.exclusive, _), (_, .intentionShared): true
        case (.upgradeable, .upgradeable), (.upgradeable, .shared), (.shared, .shared): true
        case (.intentionExclusive, .intentionExclusive): true
        default: false
        }
    }

    /// Whether who holds a key in this mode needs no claim of its own to have what is below in the `other`.
    func coversBelow(_ other: PathMode) -> Bool { self == .exclusive || !isIntention && PathMode.shared.covers(other) }

    /// The weakest mode that gives what both give.
    func joined(with other: PathMode) -> PathMode {
        if covers(other) { return self }
        return other.covers(self) ? other : .exclusive
    }

    /// The mode as stores write it: `is`, `ix`, `s`, `u` or `x`.
    package var word: String {
        switch self {
        case .intentionShared: "is"
        case .intentionExclusive: "ix"
        case .shared: "s"
        case .upgradeable: "u"
        case .exclusive: "x"
        }
    }

    /// - Returns: `nil` for what is no mode's ``word``.
    package init?(word: some Sequence<UInt8>) {
        guard let mode = Self.allCases.first(where: { $0.word.utf8.elementsEqual(word) }) else { return nil }
        self = mode
    }
}

extension PathMode: CustomStringConvertible {
    public var description: String {
        switch self {
        case .intentionShared: "intention shared"
        case .intentionExclusive: "intention exclusive"
        case .shared: "shared"
        case .upgradeable: "upgradeable"
        case .exclusive: "exclusive"
        }
    }
}

/// How many of a path's claims stand on one key, by mode, in one number: as a semaphore's permits are kept, so that
/// a store keeps both alike.
///
/// It is the sum of their weights. Claims that may hold a key together have at most one that is upgradeable or
/// exclusive, and at most ``countLimit`` of each of the others: no count runs over into the next.
package struct PathSum: Sendable, Hashable {
    /// The most claims that stand on one key together in one of the modes that readers and intentions have. More wait.
    package static let countLimit: Int64 = 1 << 20 - 1

    package private(set) var packed: Int64

    package init(packed: Int64 = 0) { self.packed = packed }

    package static func weight(of mode: PathMode) -> Int64 {
        switch mode {
        case .intentionShared: 1
        case .intentionExclusive: 1 << 20
        case .shared: 1 << 40
        case .upgradeable: 1 << 60
        case .exclusive: 1 << 61
        }
    }

    package func count(of mode: PathMode) -> Int64 {
        packed / Self.weight(of: mode) & (mode == .upgradeable || mode == .exclusive ? 1 : Self.countLimit)
    }

    package mutating func add(_ mode: PathMode) { packed += Self.weight(of: mode) }

    package mutating func remove(_ mode: PathMode) { packed -= Self.weight(of: mode) }

    /// Whether one more may stand beside all of these.
    package func admits(_ mode: PathMode) -> Bool {
        PathMode.allCases.allSatisfy { mode.mayHold(behind: $0) || count(of: $0) == 0 }
            && count(of: mode) < Self.countLimit
    }
}
