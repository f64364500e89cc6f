import Holdfast

extension Conformance {
    static let severalKeys: [ConformanceCase] = [
        ConformanceCase("several keys are taken together or not at all", .severalKeys) { stage in
            let (a, b) = (Claim.Part(stage.key("a")), Claim.Part(stage.key("b")))
            let (holder, both, next) = try (stage.claim([b]), stage.claim([a, b]), stage.claim([a]))
            try await stage.hold(holder)
            try await stage.wait(both)
            // The waiting claim stands on its free key, too.
            try await stage.wait(next, on: stage.backends[1])
            try await stage.remove(holder)
            try await stage.granted(both)
            try await stage.expectWaiting(next)
            try await stage.remove(both)
            try await stage.granted(next, on: stage.backends[1])
        },
        ConformanceCase("overlapping claims go in the order of their placing", [.severalKeys, .fifo]) { stage in
            let parts = ["a", "b", "c"].map { Claim.Part(stage.key($0)) }
            let claims = try [[0, 1], [1, 2], [2, 0], [0]].map { indices in try stage.claim(indices.map { parts[$0] }) }
            try await stage.hold(claims[0])
            for claim in claims.dropFirst() { try await stage.wait(claim) }
            try await stage.remove(claims[0])
            try await stage.granted(claims[1])
            try await stage.expectWaiting(claims[2], claims[3])
            try await stage.remove(claims[1])
            try await stage.granted(claims[2])
            try await stage.expectWaiting(claims[3])
            try await stage.remove(claims[2])
            try await stage.granted(claims[3])
        },
        ConformanceCase("a reader that waits for its other key holds up no reader", [.severalKeys, .shared]) { stage in
            let (a, b) = (Claim.Part(stage.key("a"), .shared), Claim.Part(stage.key("b"), .shared))
            let (writer, both, reader) = try (stage.claim("b"), stage.claim([a, b]), stage.claim([a]))
            try await stage.hold(writer)
            try await stage.wait(both)
            try await stage.hold(reader)
            try await stage.remove(writer)
            try await stage.granted(both)
        },
        ConformanceCase("must-be-free claims on several keys are refused as one", .severalKeys) { stage in
            let (a, b) = (Claim.Part(stage.key("a")), Claim.Part(stage.key("b")))
            try await stage.hold(stage.claim([b]))
            let placement = try await stage.backend.place(stage.claim([a, b]), .ifFree)
            try require(placement == .refused, "with one of two keys held, .ifFree answers \(placement)")
            try await stage.hold(stage.claim([a]))
        },
        ConformanceCase("the token of several keys is above those of each", .severalKeys) { stage in
            var last = try await stage.hold(stage.claim("x"))
            for round in 0..<10 {
                var greatest = last
                for name in ["a", "b", "c"].prefix(round % 3 + 1) {
                    let claim = try stage.claim(name)
                    greatest = max(greatest, try await stage.hold(claim, on: stage.backends[round % 3]))
                    try await stage.remove(claim)
                }
                let all = try stage.claim(["a", "b", "c"].map { Claim.Part(stage.key($0)) })
                let token = try await stage.hold(all)
                if round > 0 { try require(token > greatest, "token \(token) of all keys is not above \(greatest)") }
                last = token
                try await stage.remove(all)
                let after = try stage.claim("b")
                let next = try await stage.hold(after)
                try require(next > token, "token \(next) on one key is not above \(token) of all")
                try await stage.remove(after)
                last = next
            }
        },
    ]
}
