import Holdfast

extension Conformance {
    static let paths: [ConformanceCase] = [
        ConformanceCase("a lock on a path covers all below it, and waits for all below it", .paths) { stage in
            let (above, below) = try (stage.claim(path: "users/42"), stage.claim(path: "users/42/profile", .shared))
            try await stage.hold(above)
            try await stage.wait(below, on: stage.backends[1])
            try await stage.remove(above)
            try await stage.granted(below, on: stage.backends[1])
            let again = try stage.claim(path: "users/42")
            try await stage.wait(again)
            try await stage.remove(below, on: stage.backends[1])
            try await stage.granted(again)
        },
        ConformanceCase("a reader of a path waits for a writer below, and not for a reader below", .paths) { stage in
            let (writer, reader) = try (stage.claim(path: "a/b/c/d"), stage.claim(path: "a/b", .shared))
            let other = try stage.claim(path: "a/b/c/e", .shared)
            try await stage.hold(writer)
            try await stage.wait(reader, on: stage.backends[1])
            try await stage.remove(writer)
            try await stage.granted(reader, on: stage.backends[1])
            try await stage.hold(other, on: stage.backends[2])
        },
        ConformanceCase("paths beside each other do not meet, however alike", .paths) { stage in
            for path in ["users/42", "users/4", "users/421", "users/43/profile", "user", "users/42 /profile"] {
                try await stage.hold(stage.claim(path: path))
            }
        },
        ConformanceCase("a lock on a root waits for all that is below", .paths) { stage in
            let below = try ["r/1/a", "r/1/b", "r/2"].map { try stage.claim(path: $0) }
            for (index, claim) in below.enumerated() { try await stage.hold(claim, on: stage.backends[index]) }
            let root = try stage.claim(path: "r")
            try await stage.wait(root)
            for (index, claim) in below.enumerated() {
                try await stage.expectWaiting(root)
                try await stage.remove(claim, on: stage.backends[index])
            }
            try await stage.granted(root)
        },
        ConformanceCase("a waiting claim on a path holds nothing", [.paths, .listing]) { stage in
            let (holder, waiter) = try (stage.claim(path: "a/b/c"), stage.claim(path: "a/b/c"))
            try await stage.hold(holder)
            try await stage.wait(waiter)
            // It stands on the ancestors too, in a mode that excludes none of its like.
            try await stage.hold(stage.claim(path: "a/b/d"), on: stage.backends[1])
            let records = try await stage.backend.claims(withPrefix: stage.prefix, limit: 100)
            let held = records.filter { $0.id == waiter.id }.map(\.isHeld)
            try require(held == [false, false, false], "a claim that waits on a path is listed as held: \(held)")
            try require(
                try await stage.backends[2].place(stage.claim(path: "a/b/c"), .ifFree) == .refused,
                "a path in use should be refused to one that must be free")
        },
        ConformanceCase("nobody overtakes who waits on a path", [.paths, .fifo]) { stage in
            let (writer, reader) = try (stage.claim(path: "a/b"), stage.claim(path: "a", .shared))
            let (late, last) = try (stage.claim(path: "a/c"), stage.claim(path: "a/d", .shared))
            try await stage.hold(writer)
            try await stage.wait(reader, on: stage.backends[1])
            // It could hold beside the writer, and would be before the reader.
            try await stage.wait(late, on: stage.backends[2])
            try await stage.wait(last)
            try await stage.remove(writer)
            try await stage.granted(reader, on: stage.backends[1])
            try await stage.expectWaiting(late, last)
            try await stage.remove(reader, on: stage.backends[1])
            try await stage.granted(late, on: stage.backends[2])
            try await stage.granted(last)
        },
        ConformanceCase("those behind one that waits on a path go on when it gives up", [.paths, .fifo]) { stage in
            let (writer, reader) = try (stage.claim(path: "a/b"), stage.claim(path: "a", .shared))
            let (late, last) = try (stage.claim(path: "a/c"), stage.claim(path: "a/d", .shared))
            try await stage.hold(writer)
            try await stage.wait(reader, on: stage.backends[1])
            try await stage.wait(late, on: stage.backends[2])
            try await stage.wait(last)
            try await stage.remove(reader, on: stage.backends[1])
            try await stage.granted(late, on: stage.backends[2])
            try await stage.granted(last)
            try require(try await stage.isHeld(writer), "the first should hold still")
        },
        ConformanceCase("an upgradeable claim comes to readers, and lets nobody come", .paths) { stage in
            let readers = try [stage.claim(path: "a/b", .shared), stage.claim(path: "a/b/c", .shared)]
            let (first, second) = try (stage.claim(path: "a/b", .upgradeable), stage.claim(path: "a/b", .upgradeable))
            let later = try [stage.claim(path: "a/b", .shared), stage.claim(path: "a/b/c", .shared)]
            for reader in readers { try await stage.hold(reader) }
            try await stage.hold(first, on: stage.backends[1])
            try await stage.wait(later[0], on: stage.backends[2])
            try await stage.remove(later[0], on: stage.backends[2])
            try await stage.wait(later[1], on: stage.backends[2])
            try await stage.wait(second, on: stage.backends[2])
            try await stage.remove(first, on: stage.backends[1])
            try await stage.granted(later[1], on: stage.backends[2])
            try await stage.granted(second, on: stage.backends[2])
            try await stage.hold(stage.claim(path: "a/d", .shared))
        },
        ConformanceCase("a claim on a path meets no plain claim on its text", .paths) { stage in
            let path = try stage.claim(path: "users/42")
            try await stage.hold(path)
            for (name, mode) in [("users/42", LockMode.exclusive), ("users", .shared)] {
                let plain = try stage.claim(name, mode)
                try await stage.expect(.modeConflict, "\(mode) on \(name) beside a path") {
                    _ = try await stage.backends[1].place(plain, .always)
                }
                let removal = try await stage.backend.remove(plain.id)
                try require(removal == .absent, "a claim in conflict is \(removal): it was placed")
            }
            try await stage.remove(path)
            try await stage.hold(stage.claim("users"))
            try await stage.expect(.modeConflict, "a path below a plain claim") {
                _ = try await stage.backend.place(stage.claim(path: "users/42"), .always)
            }
        },
        ConformanceCase("tokens rise down a path and up again", .paths) { stage in
            var last: FencingToken?
            for round in 0..<12 {
                let claim = try stage.claim(path: ["a", "a/b", "a/b/c", "a/b/c/d"][[0, 3, 1, 2, 3, 0][round % 6]])
                let token = try await stage.hold(claim, on: stage.backends[round % 3])
                if let last { try require(token > last, "token \(token) on \(claim.key) is not above \(last)") }
                last = token
                try await stage.remove(claim, on: stage.backends[round % 3])
            }
        },
    ]
}
