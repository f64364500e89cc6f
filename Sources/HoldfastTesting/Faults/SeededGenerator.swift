import Holdfast

/// SplitMix64: small, fast, and the same numbers from the same seed on every machine. Not for secrets.
public struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var source: RandomSource

    public init(seed: UInt64) { source = RandomSource(seed: seed) }

    public mutating func next() -> UInt64 { source.next() }

    /// A number from `0..<bound`. The bias of at most `bound / 2^64` does not matter to a test.
    public mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }

    /// Whether something of probability `perMille` / 1000 happens.
    public mutating func happens(_ perMille: Int) -> Bool { below(1000) < perMille }

    /// A whole number of microseconds from `range`.
    public mutating func duration(in range: ClosedRange<Duration>) -> Duration {
        let low = range.lowerBound.nanosecondsRounded / 1000
        let high = range.upperBound.nanosecondsRounded / 1000
        return .microseconds(low + Int64(below(Int(high - low) + 1)))
    }

    /// One of `choices`, which must not be empty.
    public mutating func pick<T>(_ choices: [T]) -> T { choices[below(choices.count)] }
}
