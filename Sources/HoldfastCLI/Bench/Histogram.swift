/// Counts of durations in buckets that are 1.6 % wide: as many samples as there are, in 28 KB.
struct Histogram {
    private static let stepsPerDoubling = 64
    private static let stepBits = 6
    static let bucketsCount = (63 - stepBits + 1) * stepsPerDoubling

    private(set) var counts = [UInt32](repeating: 0, count: bucketsCount)

    mutating func record(_ nanoseconds: Int64) { counts[Self.bucket(of: nanoseconds)] &+= 1 }

    /// Below 64 ns exact; above, the doubling and the six bits after its first.
    static func bucket(of nanoseconds: Int64) -> Int {
        let value = UInt64(max(0, nanoseconds))
        guard value >= UInt64(stepsPerDoubling) else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - stepBits
        return min(bucketsCount - 1, (shift + 1) * stepsPerDoubling + Int((value >> UInt64(shift)) & 63))
    }

    /// The middle of a bucket, in nanoseconds.
    static func value(of bucket: Int) -> Double {
        guard bucket >= stepsPerDoubling else { return Double(bucket) }
        let shift = bucket / stepsPerDoubling - 1
        let low = Double(bucket % stepsPerDoubling + stepsPerDoubling)
        return (low + 0.5) * Double(UInt64(1) << UInt64(shift))
    }
}
