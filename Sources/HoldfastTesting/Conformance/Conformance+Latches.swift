import Holdfast

extension Conformance {
    /// What latches promise on every backend that keeps records.
    static let latches: [ConformanceCase] = [
        ConformanceCase("a latch opens when all have arrived, each counted once, and stays open", .records) { stage in
            let key = stage.key("l")
            stage.forget(recordsOf: "l", key)
            try await Coordination.withClients(3, stage) { clients in
                let latches = try clients.map { try $0.latch(key, count: 3) }
                let order = Names()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await latches[2].wait()
                        order.note("open")
                    }
                    for (name, left) in [("a", 2), ("b", 1), ("a", 1)] {
                        let remaining = try await latches[0].arrive(as: name)
                        try require(remaining == left, "after \(name) arrived \(remaining) are to come")
                    }
                    try await stage.expect(.timedOut, "a wait for a closed latch") {
                        try await latches[1].wait(.upTo(.milliseconds(100)))
                    }
                    try await stage.expect(.busy, "no wait for a closed latch") { try await latches[1].wait(.no) }
                    try require(order.names.isEmpty, "a closed latch lets pass")
                    let remaining = try await latches[1].arrive()
                    try require(remaining == 0, "after the last arrival \(remaining) are to come")
                    try await group.waitForAll()
                }
                try await latches[0].wait(.no)
                try require(try await latches[2].arrive(as: "late") == 0, "an open latch was closed by an arrival")
                try await stage.expect(.modeConflict, "another count") {
                    _ = try await clients[0].latch(key, count: 4).remaining()
                }
            }
        },
        ConformanceCase("of arrivals at once none is lost", .records) { stage in
            let key = stage.key("l")
            stage.forget(recordsOf: "l", key)
            try await Coordination.withClients(3, stage) { clients in
                let latches = try clients.map { try $0.latch(key, count: 12) }
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<12 { group.addTask { try await latches[number % 3].arrive() } }
                    try await group.waitForAll()
                }
                try await latches[0].wait(.no)
            }
        },
        ConformanceCase("a backend without records has no latches") { stage in
            guard !stage.capabilities.supportsRecords else { return }
            try await Coordination.withClients(1, stage) { clients in
                try await stage.expect(.unsupported, "an arrival") {
                    _ = try await clients[0].latch(stage.key("l"), count: 1).arrive()
                }
            }
        },
    ]
}
