import HoldfastTesting

/// Connections that break again and again, each in its own way, between clients and a server that is well.
package enum PoorLinks {
    /// Breaks them, and sees that locks are taken all the same.
    package static func trouble(_ proxies: [FaultProxy], _ workload: Workload, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<20 {
            let proxy = random.pick(proxies)
            let span = random.duration(in: .zero ... .milliseconds(300))
            switch random.below(4) {
            case 0: break
            case 1: proxy.replies = .drop
            case 2: proxy.requests = .drop
            default: (proxy.requests, proxy.refuses) = (.hold, true)
            }
            try await ContinuousClock().sleep(for: span)
            // What was lost on the way is lost for good with its connection.
            proxy.cut()
            (proxy.requests, proxy.replies, proxy.refuses) = (.pass, .pass, false)
            try await workload.progress("on new connections", by: 2)
        }
    }
}
