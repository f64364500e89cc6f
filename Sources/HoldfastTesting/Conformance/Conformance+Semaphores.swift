import Holdfast

extension Conformance {
    private static let needs: ConformanceCase.Needs = [.permits, .listing, .records, .time]

    /// What resizable semaphores promise on every backend that has permits and records, and can list.
    static let semaphores: [ConformanceCase] = [
        ConformanceCase("permits are admitted up to the limit, in order, and weighted", needs) { stage in
            try await trial(stage, limit: 3) { semaphores, ends, order in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, weight) in [2, 2, 1].enumerated() {
                        group.addTask {
                            try await semaphores[number].withPermits(weight) { _ in
                                order.note("\(number)")
                                _ = await ends[number].wait()
                            }
                        }
                        try await claims(number + 1, stage)
                    }
                    // The third fits beside the first, and stands behind the second.
                    try await stage.expect(.busy, "a fourth that would not wait") {
                        try await semaphores[0].withPermits(wait: .no) { _ in }
                    }
                    try require(order.names == ["0"], "admitted: \(order.names)")
                    ends[0].set()
                    try await Coordination.until("two more are admitted", stage) { order.names.count == 3 }
                    for end in ends { end.set() }
                    try await group.waitForAll()
                }
            }
        },
        ConformanceCase("a greater limit lets in who waits, a lesser one revokes nothing", needs) { stage in
            try await trial(stage, limit: 1) { semaphores, ends, order in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<3 {
                        group.addTask {
                            try await semaphores[number].withPermits { lease in
                                order.note("\(number)")
                                _ = await ends[number].wait()
                                try require(lease.isHeld, "permits were revoked")
                            }
                        }
                        try await claims(number + 1, stage)
                    }
                    try await semaphores[2].resize(to: 2)
                    try await Coordination.until("one more is admitted", stage) { order.names.count == 2 }
                    try await semaphores[1].resize(to: 1)
                    let limit = try await semaphores[0].limit()
                    try require(limit == 1, "the limit is \(limit)")
                    ends[0].set()
                    try await claims(2, stage)
                    try await stage.expect(.timedOut, "a fourth, that would wait a little") {
                        try await semaphores[0].withPermits(wait: .upTo(.milliseconds(200))) { _ in }
                    }
                    try require(order.names == ["0", "1"], "admitted beside the second: \(order.names)")
                    ends[1].set()
                    try await Coordination.until("the third is admitted", stage) { order.names.count == 3 }
                    ends[2].set()
                    try await group.waitForAll()
                }
            }
        },
        ConformanceCase("more permits for one task tree fail at once where they would wait", needs) { stage in
            try await trial(stage, limit: 2) { semaphores, _, _ in
                try await semaphores[0].withPermits { _ in
                    try await semaphores[0].withPermits { _ in }
                    try await stage.expect(.wouldDeadlock, "more than are free") {
                        try await semaphores[0].withPermits(2) { _ in }
                    }
                }
            }
        },
        ConformanceCase("a backend without records has no resizable semaphores") { stage in
            guard !stage.capabilities.supportsRecords else { return }
            try await Coordination.withClients(1, stage) { clients in
                try await stage.expect(.unsupported, "permits") {
                    try await clients[0].semaphore(stage.key("s"), limit: 1).withPermits { _ in }
                }
            }
        },
    ]

    private static func trial(
        _ stage: ConformanceStage, limit: Int,
        _ body: @escaping @Sendable ([Semaphore], [Signal], Names) async throws -> Void
    ) async throws {
        let key = stage.key("s")
        stage.forget(recordsOf: "s", key)
        try await Coordination.withClients(3, stage) { clients in
            let semaphores = try clients.map { try $0.semaphore(key, limit: limit) }
            try await body(semaphores, semaphores.map { _ in Signal() }, Names())
        }
    }

    /// Waits until there are so many claims.
    private static func claims(_ count: Int, _ stage: ConformanceStage) async throws {
        try await Coordination.until("\(count) claims", stage) {
            try await stage.backend.claims(withPrefix: stage.prefix, limit: 10).count == count
        }
    }
}
