import Holdfast

extension Conformance {
    static let modes: [ConformanceCase] = [
        ConformanceCase("readers hold together, and a writer waits for all of them", .shared) { stage in
            let readers = try (0..<3).map { _ in try stage.claim("k", .shared) }
            let writer = try stage.claim("k")
            for (index, reader) in readers.enumerated() { try await stage.hold(reader, on: stage.backends[index]) }
            try await stage.wait(writer)
            try await stage.remove(readers[0])
            try await stage.remove(readers[2], on: stage.backends[2])
            try await stage.expectWaiting(writer)
            try await stage.remove(readers[1], on: stage.backends[1])
            try await stage.granted(writer)
        },
        ConformanceCase("a reader queues behind an earlier waiting writer", [.shared, .fifo]) { stage in
            let (reader, writer) = try (stage.claim("k", .shared), stage.claim("k"))
            let (late, later) = try (stage.claim("k", .shared), stage.claim("k", .shared))
            try await stage.hold(reader)
            try await stage.wait(writer)
            try await stage.wait(late)
            try await stage.wait(later)
            try await stage.remove(reader)
            try await stage.granted(writer)
            try await stage.expectWaiting(late, later)
            try await stage.remove(writer)
            try await stage.granted(late)
            try await stage.granted(later)
        },
        ConformanceCase("readers go on when the writer before them gives up", [.shared, .fifo]) { stage in
            let (reader, writer, late) = try (
                stage.claim("k", .shared), stage.claim("k"), stage.claim("k", .shared)
            )
            try await stage.hold(reader)
            try await stage.wait(writer)
            try await stage.wait(late)
            try await stage.remove(writer)
            try await stage.granted(late)
            try require(try await stage.isHeld(reader), "the first reader should hold still")
        },
        ConformanceCase("permits are a sum", .permits) { stage in
            let claims = try (0..<5).map { _ in try stage.claim("k", .permits(1, of: 3)) }
            for claim in claims[..<3] { try await stage.hold(claim) }
            // Each of the three fits beside the fourth alone; together they do not.
            try await stage.wait(claims[3])
            try await stage.wait(claims[4])
            try await stage.remove(claims[1])
            try await stage.granted(claims[3])
            try await stage.expectWaiting(claims[4])
            try await stage.remove(claims[0])
            try await stage.granted(claims[4])
        },
        ConformanceCase("a larger permit claim at the head holds back smaller ones", [.permits, .fifo]) { stage in
            let (one, other) = try (stage.claim("k", .permits(1, of: 3)), stage.claim("k", .permits(1, of: 3)))
            let (all, small) = try (stage.claim("k", .permits(3, of: 3)), stage.claim("k", .permits(1, of: 3)))
            try await stage.hold(one)
            try await stage.hold(other)
            try await stage.wait(all)
            try await stage.wait(small)
            try await stage.remove(other)
            try await stage.expectWaiting(all, small)
            try await stage.remove(one)
            try await stage.granted(all)
            try await stage.expectWaiting(small)
            try await stage.remove(all)
            try await stage.granted(small)
        },
        ConformanceCase("any leaving permit may free the next", .permits) { stage in
            // Curator's hole: who watches only the claim just before it sleeps on.
            let claims = try (0..<3).map { _ in try stage.claim("k", .permits(1, of: 2)) }
            try await stage.hold(claims[0])
            try await stage.hold(claims[1])
            try await stage.wait(claims[2])
            try await stage.remove(claims[0])
            try await stage.granted(claims[2])
        },
        ConformanceCase("several small permits go together when a large one leaves", [.permits, .fifo]) { stage in
            let large = try stage.claim("k", .permits(3, of: 3))
            let small = try (0..<4).map { _ in try stage.claim("k", .permits(1, of: 3)) }
            try await stage.hold(large)
            for claim in small { try await stage.wait(claim) }
            try await stage.remove(large)
            for claim in small[..<3] { try await stage.granted(claim) }
            try await stage.expectWaiting(small[3])
        },
        ConformanceCase("permits meet neither other modes nor another limit", .permits) { stage in
            let holder = try stage.claim("k", .permits(1, of: 3))
            try await stage.hold(holder)
            for mode in [LockMode.exclusive, .permits(1, of: 4)] {
                let other = try stage.claim("k", mode)
                try await stage.expect(.modeConflict, "\(mode) beside \(holder.parts[0].mode)") {
                    _ = try await stage.backends[1].place(other, .always)
                }
                let removal = try await stage.backend.remove(other.id)
                try require(removal == .absent, "a claim in conflict is \(removal): it was placed")
            }
            try await stage.remove(holder)
            try await stage.hold(stage.claim("k"))
            try await stage.expect(.modeConflict, "permits beside a writer") {
                _ = try await stage.backend.place(stage.claim("k", .permits(1, of: 3)), .always)
            }
        },
    ]
}
