import Holdfast

extension Conformance {
    private static let needs: ConformanceCase.Needs = [.shared, .listing, .notes, .records, .time]

    /// What barriers promise on every backend that has shared claims, notes and records, and can list.
    static let barriers: [ConformanceCase] = [
        ConformanceCase("a round goes on when all parties are here, again and again", needs) { stage in
            try await trial(stage, parties: 3) { barriers in
                let order = Names()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for (number, barrier) in barriers.enumerated() {
                        group.addTask {
                            for round in 0..<3 {
                                order.note("\(round)")
                                try await barrier.arrive()
                                let came = order.names.count { $0 == "\(round)" }
                                try require(came == 3, "party \(number) went on in round \(round) after \(came) came")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
            }
        },
        ConformanceCase("who gives up does not count, and too few do not go on", needs) { stage in
            try await trial(stage, parties: 2) { barriers in
                for barrier in barriers.prefix(2) {
                    try await stage.expect(.timedOut, "a party alone") {
                        try await barrier.arrive(wait: .upTo(.milliseconds(100)))
                    }
                }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for barrier in barriers.prefix(2) { group.addTask { try await barrier.arrive() } }
                    try await group.waitForAll()
                }
            }
        },
        ConformanceCase("those who entered leave together", needs) { stage in
            try await trial(stage, parties: 2) { barriers in
                let order = Names()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        let stay = try await barriers[0].enter()
                        order.note("in")
                        try await stay.leave()
                        try require(order.names.contains("last"), "a party had left before the last one would")
                    }
                    group.addTask {
                        let stay = try await barriers[1].enter()
                        order.note("in")
                        try await Coordination.until("both are in", stage) { order.names.count == 2 }
                        order.note("last")
                        try await stay.leave()
                    }
                    try await group.waitForAll()
                }
            }
        },
        ConformanceCase("another number of parties is a conflict", needs) { stage in
            let key = stage.key("b")
            stage.forget(recordsOf: "b", key)
            try await Coordination.withClients(2, stage) { clients in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask { try await clients[0].barrier(key, parties: 2).arrive() }
                    try await Coordination.until("one is here", stage) {
                        try await stage.backend.claims(withPrefix: stage.prefix, limit: 10).count == 1
                    }
                    try await stage.expect(.modeConflict, "a party that waits for three") {
                        try await clients[1].barrier(key, parties: 3).arrive()
                    }
                    // The number of the first one stands: it waits on.
                    group.cancelAll()
                    while let result = await group.nextResult() { _ = result }
                }
            }
        },
    ]

    private static func trial(
        _ stage: ConformanceStage, parties: Int, _ body: @escaping @Sendable ([Barrier]) async throws -> Void
    ) async throws {
        let key = stage.key("b")
        stage.forget(recordsOf: "b", key)
        try await Coordination.withClients(3, stage) { clients in
            try await body(try clients.map { try $0.barrier(key, parties: parties) })
        }
    }
}
