/// What the processes of one bench tell each other: the start, the last release, and what they counted.
struct Scoreboard: Sendable {
    private enum Word {
        static let ready = 0, start = 1, progress = 2, releasedAt = 3, releaser = 4, again = 5, end = 6
        static let fixedCount = 8
    }
    private let words: SharedWords
    private let workers: Int

    init(workers: Int) throws(Failure) {
        self.workers = workers
        words = try SharedWords(count: Word.fixedCount + workers + Histogram.bucketsCount)
    }

    // MARK: The start

    func isReady() { words.add(1, at: Word.ready) }
    var readyCount: Int { Int(words[Word.ready]) }
    /// Nanoseconds since boot; 0 before it is known.
    var start: Int64 {
        get { words[Word.start] }
        nonmutating set { words[Word.start] = newValue }
    }

    // MARK: While it runs

    func advance(by count: Int) { words.add(Int64(count), at: Word.progress) }
    var progress: Int { Int(words[Word.progress]) }

    /// Written and read under the lock that is measured: it needs none of its own.
    func releases(_ worker: Int, at now: Int64) {
        words[Word.releaser] = Int64(worker) + 1
        words[Word.releasedAt] = now
    }
    /// Nil before the first release.
    var lastRelease: (worker: Int, at: Int64)? {
        let releaser = words[Word.releaser]
        return releaser == 0 ? nil : (Int(releaser) - 1, words[Word.releasedAt])
    }

    // MARK: The end

    /// When the last process ended; two that end in the same microsecond may take each other's place.
    func ends(at now: Int64) { words[Word.end] = max(words[Word.end], now) }
    var end: Int64 { words[Word.end] }

    func add(_ score: Score, of worker: Int) {
        words[Word.fixedCount + worker] = Int64(score.turns)
        words.add(Int64(score.again), at: Word.again)
        for (bucket, count) in score.latencies.counts.enumerated() where count > 0 {
            words.add(Int64(count), at: Word.fixedCount + workers + bucket)
        }
    }

    var again: Int { Int(words[Word.again]) }
    var turns: [Int] { (0..<workers).map { Int(words[Word.fixedCount + $0]) } }

    /// How many were timed, and the given quantiles of their times, in milliseconds.
    func latencies(_ quantiles: Double...) -> (count: Int, quantiles: [Double]) {
        let counts = (0..<Histogram.bucketsCount).map { Int(words[Word.fixedCount + workers + $0]) }
        let total = counts.reduce(0, +)
        let values = quantiles.map { quantile in
            var rank = Int((Double(total) * quantile).rounded(.up))
            let bucket = counts.firstIndex { count in
                rank -= count
                return rank <= 0
            }
            return total == 0 ? 0 : Histogram.value(of: bucket ?? 0) / 1_000_000
        }
        return (total, values)
    }
}

/// What one worker counted.
struct Score {
    /// How often it held the lock.
    var turns = 0
    /// How often it got the lock from itself.
    var again = 0
    var latencies = Histogram()
}
