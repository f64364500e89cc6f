import Holdfast

extension Conformance {
    static let placing: [ConformanceCase] = [
        ConformanceCase("a claim on a free key is held, the next one waits") { stage in
            try await stage.hold(stage.claim("k"))
            try await stage.wait(stage.claim("k"), on: stage.backends[1])
            try await stage.hold(stage.claim("other"), on: stage.backends[1])
        },
        ConformanceCase("a claim that must be free is refused and leaves nothing") { stage in
            let holder = try stage.claim("k")
            let refused = try stage.claim("k")
            try await stage.hold(holder)
            let placement = try await stage.backends[1].place(refused, .ifFree)
            try require(placement == .refused, "where another holds the key, .ifFree answers \(placement)")
            let removal = try await stage.backends[1].remove(refused.id)
            try require(removal == .absent, "a refused claim is \(removal): it was left in the queue")
            try await stage.remove(holder)
            let free = try stage.claim("k")
            guard case .held = try await stage.backends[1].place(free, .ifFree) else {
                throw ConformanceFailure("a free key is refused after a claim on it was refused")
            }
            try await stage.remove(free, on: stage.backends[1])
        },
        ConformanceCase("placing a claim again answers how it stands", .fifo) { stage in
            let (holder, first, second) = try (stage.claim("k"), stage.claim("k"), stage.claim("k"))
            let token = try await stage.hold(holder)
            try await stage.wait(first)
            try await stage.wait(second)
            let again = try await stage.hold(holder)
            try require(again == token, "placed again, a held claim's token is \(again), and was \(token)")
            try await stage.wait(first)
            try await stage.remove(holder)
            try await stage.granted(first)
            try await stage.expectWaiting(second)
            try await stage.remove(first)
            try await stage.granted(second)
        },
        ConformanceCase("placing a held claim again lets it live anew", .expiry) { stage in
            let holder = try stage.claim("k", life: stage.shortLife)
            try await stage.hold(holder)
            for _ in 0..<3 {
                try await stage.pass(stage.shortLife / 2)
                try await stage.hold(holder)
            }
            try await stage.remove(holder)
        },
    ]

    static let queues: [ConformanceCase] = [
        ConformanceCase("a released key goes to the oldest waiter", .fifo) { stage in
            let claims = try (0..<6).map { _ in try stage.claim("k") }
            var tokens = [try await stage.hold(claims[0])]
            for (index, claim) in claims.enumerated().dropFirst() {
                try await stage.wait(claim, on: stage.backends[index % 3])
            }
            for index in 1..<claims.count {
                try await stage.remove(claims[index - 1], on: stage.backends[(index - 1) % 3])
                tokens.append(try await stage.granted(claims[index], on: stage.backends[index % 3]))
                for later in claims[(index + 1)...] { try await stage.expectWaiting(later) }
            }
            try require(tokens == tokens.sorted() && Set(tokens).count == tokens.count, "tokens in turn: \(tokens)")
        },
        ConformanceCase("a waiter that leaves lets the next one through", .fifo) { stage in
            let claims = try (0..<4).map { _ in try stage.claim("k") }
            try await stage.hold(claims[0])
            for claim in claims.dropFirst() { try await stage.wait(claim) }
            try await stage.remove(claims[1])
            try await stage.expectWaiting(claims[2], claims[3])
            try await stage.remove(claims[0])
            try await stage.granted(claims[2])
            try await stage.expectWaiting(claims[3])
        },
        ConformanceCase("a waiter learns of its grant while it waits") { stage in
            let (holder, waiter) = try (stage.claim("k"), stage.claim("k"))
            try await stage.hold(holder)
            try await stage.wait(waiter, on: stage.backends[1])
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { try await stage.granted(waiter, on: stage.backends[1]) }
                // Both orders are right: the grant may be asked for before or after the removal.
                await Task.yield()
                try await stage.remove(holder)
                try await group.waitForAll()
            }
        },
    ]
}
