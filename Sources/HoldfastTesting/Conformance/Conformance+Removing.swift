import Holdfast

extension Conformance {
    static let removing: [ConformanceCase] = [
        ConformanceCase("a removal is idempotent, and says absent afterwards") { stage in
            let claim = try stage.claim("k")
            try await stage.hold(claim)
            try await stage.remove(claim)
            for backend in stage.backends {
                let removal = try await backend.remove(claim.id)
                try require(removal == .absent, "removed a second time, a claim is \(removal)")
            }
            let never = try await stage.backend.remove(stage.claim("k").id)
            try require(never == .absent, "a claim that was never placed is \(never)")
        },
        ConformanceCase("a stale removal does not touch the next holder") { stage in
            let (stale, holder, waiter) = try (stage.claim("k"), stage.claim("k"), stage.claim("k"))
            try await stage.hold(stale)
            try await stage.remove(stale)
            let token = try await stage.hold(holder, on: stage.backends[1])
            try await stage.wait(waiter)
            _ = try await stage.backend.remove(stale.id)
            let again = try await stage.hold(holder, on: stage.backends[1])
            try require(again == token, "after a stale removal the holder's token is \(again), not \(token)")
            try await stage.expectWaiting(waiter)
        },
        ConformanceCase("an extension after the removal says gone, and brings nothing back") { stage in
            let (stale, holder) = try (stage.claim("k"), stage.claim("k"))
            try await stage.hold(stale)
            try await stage.remove(stale)
            try await stage.hold(holder)
            let outcome = try await stage.backend.extend([stale.id, holder.id], for: stage.life)
            try require(outcome.gone == [stale.id], "of a removed and a held claim, \(outcome.gone) are gone")
            try await stage.remove(holder)
            try await stage.hold(stage.claim("k"))
        },
        ConformanceCase("a removal under a cancelled task is performed") { stage in
            let (holder, waiter) = try (stage.claim("k"), stage.claim("k"))
            try await stage.hold(holder)
            try await stage.wait(waiter)
            await withTaskGroup(of: Void.self) { group in
                group.cancelAll()
                // Whatever it answers, the waiter below shows whether it was done.
                group.addTask { _ = try? await stage.backend.remove(holder.id) }
            }
            try await stage.granted(waiter)
        },
        ConformanceCase("an asked claim hears of it when it is extended") { stage in
            let (asked, other) = try (stage.claim("k"), stage.claim("other"))
            try await stage.hold(asked)
            try await stage.hold(other)
            let answer = try await stage.backends[1].ask(asked.id)
            try require(answer == .removed, "asking a live claim answers \(answer)")
            let outcome = try await stage.backend.extend([asked.id, other.id], for: stage.life)
            try require(outcome.asked == [asked.id], "of one asked claim, \(outcome.asked) hear of it")
            try require(outcome.gone.isEmpty, "an asked claim is gone: \(outcome.gone)")
            try await stage.remove(asked)
            let late = try await stage.backends[1].ask(asked.id)
            try require(late == .absent, "asking a removed claim answers \(late)")
        },
    ]

    static let expiring: [ConformanceCase] = [
        ConformanceCase("a waiter is granted when the holder's life is over", .expiry) { stage in
            let (holder, waiter) = try (stage.claim("k", life: stage.shortLife), stage.claim("k"))
            let before = try await stage.hold(holder)
            try await stage.wait(waiter, on: stage.backends[1])
            try await stage.pass(stage.shortLife + .milliseconds(100))
            let token = try await stage.granted(waiter, on: stage.backends[1])
            try require(token > before, "token \(token) after an expiry is not above \(before)")
            let outcome = try await stage.backend.extend([holder.id], for: stage.life)
            try require(outcome.gone == [holder.id], "extended after its expiry, a claim is not gone")
            try require(try await stage.isHeld(waiter), "the late extension took the lock from its holder")
        },
        ConformanceCase("an extension keeps a claim alive, and none shortens it", .expiry) { stage in
            let (holder, other) = try (stage.claim("k", life: stage.shortLife), stage.claim("k"))
            try await stage.hold(holder)
            for _ in 0..<3 {
                try await stage.pass(stage.shortLife / 2)
                let outcome = try await stage.backend.extend([holder.id], for: stage.shortLife)
                try require(outcome.gone.isEmpty, "an extended claim is gone")
            }
            let placement = try await stage.backends[1].place(other, .ifFree)
            try require(placement == .refused, "beside an extended claim another is \(placement)")
        },
        ConformanceCase("an expired claim is gone in every verb", .expiry) { stage in
            let claims = try ["a", "b", "c", "d"].map { try stage.claim($0, life: stage.shortLife) }
            for claim in claims { try await stage.hold(claim) }
            try await stage.pass(stage.shortLife + .milliseconds(100))
            let outcome = try await stage.backend.extend([claims[0].id], for: stage.life)
            try require(outcome.gone == [claims[0].id], "extend finds an expired claim alive")
            let removal = try await stage.backend.remove(claims[1].id)
            try require(removal == .absent, "remove finds an expired claim \(removal)")
            let asked = try await stage.backend.ask(claims[2].id)
            try require(asked == .absent, "ask finds an expired claim \(asked)")
            try await stage.expect(.leaseLost, "awaiting an expired claim's grant") {
                try await stage.granted(claims[3])
            }
            for name in ["a", "b", "c", "d"] { try await stage.hold(stage.claim(name), on: stage.backends[1]) }
        },
        ConformanceCase("an expired waiter is passed over", [.expiry, .fifo]) { stage in
            let (holder, dead) = try (stage.claim("k"), stage.claim("k", life: stage.shortLife))
            let alive = try stage.claim("k")
            try await stage.hold(holder)
            try await stage.wait(dead)
            try await stage.wait(alive)
            try await stage.pass(stage.shortLife + .milliseconds(100))
            try await stage.remove(holder)
            try await stage.granted(alive)
        },
        ConformanceCase("a waiter that is extended is never passed over", [.expiry, .fifo]) { stage in
            let (holder, waiter) = try (stage.claim("k"), stage.claim("k", life: stage.shortLife))
            try await stage.hold(holder)
            try await stage.wait(waiter)
            for _ in 0..<4 {
                try await stage.pass(stage.shortLife / 2)
                let outcome = try await stage.backend.extend([waiter.id], for: stage.shortLife)
                try require(outcome.gone.isEmpty, "a waiter that was extended in time is gone")
            }
            try await stage.remove(holder)
            try await stage.granted(waiter)
        },
    ]

    static let grants: [ConformanceCase] = [
        ConformanceCase("a held claim's grant is told at once, with its token") { stage in
            let claim = try stage.claim("k")
            let token = try await stage.hold(claim)
            let told = try await stage.granted(claim)
            try require(told == token, "the grant's token is \(told), and was \(token)")
        },
        ConformanceCase("awaiting the grant of a claim that is gone fails") { stage in
            let (removed, never) = try (stage.claim("k"), stage.claim("k"))
            try await stage.hold(removed)
            try await stage.remove(removed)
            for claim in [removed, never] {
                try await stage.expect(.leaseLost, "awaiting a grant of what is gone") {
                    try await stage.granted(claim)
                }
            }
        },
        ConformanceCase("awaiting a grant fails when the claim is removed meanwhile") { stage in
            let (holder, waiter) = try (stage.claim("k"), stage.claim("k"))
            try await stage.hold(holder)
            try await stage.wait(waiter)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    try await stage.expect(.leaseLost, "awaiting a grant") { try await stage.granted(waiter) }
                }
                await Task.yield()
                try await stage.remove(waiter)
                try await group.waitForAll()
            }
        },
        ConformanceCase("a cancelled wait returns, and the claim stays") { stage in
            let (holder, waiter) = try (stage.claim("k"), stage.claim("k"))
            try await stage.hold(holder)
            try await stage.wait(waiter)
            try await stage.within(stage.harness.handOffLimit, "a cancelled wait for a grant does not return") {
                try await withThrowingTaskGroup(of: Void.self) { group in
                    group.addTask {
                        try await stage.expect(.cancelled, "a cancelled wait") {
                            _ = try await stage.backend.grant(of: waiter.id)
                        }
                    }
                    await Task.yield()
                    group.cancelAll()
                    try await group.waitForAll()
                }
            }
            try await stage.expectWaiting(waiter)
            try await stage.remove(holder)
            try await stage.granted(waiter)
        },
        ConformanceCase("tokens only rise, through every way to the store") { stage in
            var last: FencingToken?
            for round in 0..<stage.harness.effort {
                let claim = try stage.claim("k")
                let backend = stage.backends[round % stage.backends.count]
                let token = try await stage.hold(claim, on: backend)
                if let last { try require(token > last, "grant \(round) has token \(token), after \(last)") }
                last = token
                try await stage.remove(claim, on: backend)
            }
        },
    ]
}
