#if ZooKeeper
/// How long to wait before the next round of the servers: doubling, with jitter, within bounds.
struct Backoff {
    private let first: Duration
    private let last: Duration
    private var failures = 0

    init(_ bounds: ZooKeeperBounds) {
        first = bounds.firstBackoff
        last = bounds.lastBackoff
    }

    /// The last connection was a good one.
    mutating func reset() { failures = 0 }

    mutating func next() -> Duration {
        // 2^20 times anything sensible is beyond the last bound.
        let whole = min(last, first * (1 << min(failures, 20)))
        failures += 1
        return whole * Double.random(in: 0.5...1)
    }
}
#endif
