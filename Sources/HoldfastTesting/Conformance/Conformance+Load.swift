import Holdfast
import Synchronization

extension Conformance {
    static let load: [ConformanceCase] = [
        ConformanceCase("fifty tasks on one key never overlap") { stage in
            let turns = max(1, stage.harness.effort / 50)
            let register = UnguardedRegister()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<50 {
                    let backend = stage.backends[task % stage.backends.count]
                    group.addTask {
                        for _ in 0..<turns {
                            let claim = try stage.claim("k")
                            if case .waiting = try await backend.place(claim, .always) {
                                _ = try await backend.grant(of: claim.id)
                            }
                            try await register.increment()
                            try await stage.remove(claim, on: backend)
                        }
                    }
                }
                // The first to fail ends the case: the others may wait for ever for what it left.
                for try await _ in group {}
            }
            try require(register.value == 50 * turns, "\(50 * turns) increments made \(register.value)")
        },
        ConformanceCase("random claims keep to their modes") { stage in
            let hall = Hall()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for task in 0..<16 {
                    group.addTask { try await Conformance.stress(stage, hall, seed: UInt64(task)) }
                }
                for try await _ in group {}
            }
        },
    ]

    private static func stress(_ stage: ConformanceStage, _ hall: Hall, seed: UInt64) async throws {
        var random = SeededGenerator(seed: seed)
        let capabilities = stage.capabilities
        var choices = [Claim.Part(stage.key("writer"))]
        if capabilities.supportsShared { choices += [Claim.Part(stage.key("writer"), .shared)] }
        if capabilities.supportsPermits {
            choices += [1, 1, 2].map { Claim.Part(stage.key("permits"), .permits($0, of: 3)) }
        }
        let backend = stage.backends[Int(seed) % stage.backends.count]
        for _ in 0..<max(1, stage.harness.effort / 20) {
            var parts = [random.pick(choices)]
            if capabilities.keysPerClaimLimit >= 3, random.happens(200) {
                parts.append(Claim.Part(stage.key(parts[0].key == stage.key("x") ? "y" : "x")))
            }
            let claim = try stage.claim(parts)
            switch try await backend.place(claim, random.happens(200) ? .ifFree : .always) {
            case .refused: continue
            case .waiting where random.happens(200):
                // Gives up; it may have been granted meanwhile.
                try await stage.remove(claim, on: backend)
                continue
            case .waiting: _ = try await backend.grant(of: claim.id)
            case .held: break
            }
            try hall.enter(claim)
            await Task.yield()
            hall.leave(claim)
            try await stage.remove(claim, on: backend)
        }
    }
}

/// A number that is read, and written a moment later: increments are lost where two overlap.
private final class UnguardedRegister: Sendable {
    private let stored = Mutex(0)
    private let inside = Mutex(0)

    var value: Int { stored.withLock { $0 } }

    func increment() async throws {
        let before = value
        let others = inside.withLock { inside in
            inside += 1
            return inside - 1
        }
        try require(others == 0, "\(others) others are in the critical section")
        await Task.yield()
        stored.withLock { $0 = before + 1 }
        inside.withLock { $0 -= 1 }
    }
}

/// Who is in which critical section.
private final class Hall: Sendable {
    private let present = Mutex<[LockKey: [Claim.ID: LockMode]]>([:])

    func enter(_ claim: Claim) throws {
        try present.withLock { present in
            for part in claim.parts {
                present[part.key, default: [:]][claim.id] = part.mode
                let modes = present[part.key].map { Array($0.values) } ?? []
                try require(Checkers.canMeet(modes), "held together on \(part.key): \(modes)")
            }
        }
    }

    func leave(_ claim: Claim) {
        present.withLock { present in for part in claim.parts { present[part.key]?[claim.id] = nil } }
    }
}
