import Holdfast

/// How long a store takes to place and remove a claim on a key that nobody else uses.
struct RoundTrip: Sendable {
    private static let probes = 5
    private static let keyPrefix = "holdfast/doctor/"
    /// Renewals come at a third of the time to live, and there must be time for several.
    private static let slow: Duration = .milliseconds(500)
    private static let perilous: Duration = .seconds(5)

    let median: Duration
    let worst: Duration

    static func measure(_ client: LockClient) async throws(LockError) -> RoundTrip {
        let time = Timekeeper(ContinuousClock())
        let capabilities = client.capabilities
        let options = LockOptions(
            timeToLive: max(.seconds(1), capabilities.shortestTimeToLive), label: "holdfast doctor")
        var samples: [Duration] = []
        for _ in 0..<probes {
            let random =
                String(UInt64.random(in: 0 ... .max), radix: 16) + String(UInt64.random(in: 0 ... .max), radix: 16)
            let key = LockKey(unchecked: keyPrefix + random)
            let start = time.now
            try await client.acquire(key, wait: .no, options: options).release()
            samples.append(time.now - start)
        }
        samples.sort()
        return RoundTrip(median: samples[samples.count / 2], worst: samples[samples.count - 1])
    }

    var finding: Finding {
        let text =
            "a claim placed and removed in \(Self.text(median)), the slowest of \(Self.probes) in \(Self.text(worst))"
        let weight: Finding.Weight = worst < Self.slow ? .fine : worst < Self.perilous ? .notice : .danger
        return Finding(
            weight, "round trip", text,
            remedy: weight == .fine ? nil : "choose a longer --ttl, or a store that is nearer or less busy")
    }

    private static func text(_ duration: Duration) -> String { number(duration).text + " ms" }

    private static func number(_ duration: Duration) -> JSON {
        .number(Double(duration.nanoseconds) / 1e6, digits: 1)
    }

    var json: JSON { .object([("median", Self.number(median)), ("worst", Self.number(worst))]) }
}
