import Holdfast

extension Conformance {
    static let listing: [ConformanceCase] = [
        ConformanceCase("a listing shows holders and waiters by key, in queue order", [.listing, .fifo]) { stage in
            let claims = try ["b", "a", "b", "b", "ab"].map { try stage.claim($0) }
            for claim in claims { _ = try await stage.backend.place(claim, .always) }
            let records = try await stage.backends[1].claims(withPrefix: stage.prefix, limit: 100)
            let expected = [1, 4, 0, 2, 3].map { claims[$0].id }
            try require(records.map(\.id) == expected, "listed: \(records.map { ClaimState($0) })")
            try require(records.map(\.isHeld) == [true, true, true, false, false], "held: \(records.map(\.isHeld))")
            for (record, index) in zip(records, [1, 4, 0, 2, 3]) {
                let claim = claims[index]
                try require(record.owner == claim.owner, "the owner is listed as \(record.owner)")
                try require(record.mode == claim.parts[0].mode, "the mode is listed as \(record.mode)")
                try require(record.age >= .zero && record.age < .seconds(60), "the age is listed as \(record.age)")
                try require(record.remaining <= stage.life, "the time left is listed as \(record.remaining)")
            }
            let limited = try await stage.backend.claims(withPrefix: stage.prefix, limit: 3)
            try require(limited.map(\.id) == Array(expected[..<3]), "limited to 3: \(limited.map { ClaimState($0) })")
        },
        ConformanceCase("a listing's prefix is compared as bytes", .listing) { stage in
            let names = ["a", "a/b", "aé", "ae\u{301}", "A", "a%", "a_", "ab", "b", "[a]", "*"]
            for name in names { try await stage.hold(stage.claim(name)) }
            for prefix in ["", "a", "a/", "aé", "ae", "a%", "a_", "A", "*", "[", "zz"] {
                let listed = try await stage.backend.claims(withPrefix: stage.prefix + prefix, limit: 100)
                let expected = names.filter { $0.utf8.starts(with: prefix.utf8) }.map { stage.key($0) }.sorted()
                try require(
                    listed.map(\.key) == expected, "with prefix \(prefix.debugDescription): \(listed.map(\.key))")
            }
        },
        ConformanceCase("one key's listing has its own claims and no other's", [.listing, .fifo]) { stage in
            let claims = try ["a", "ab", "a/b", "a", "a", "A"].map { try stage.claim($0) }
            for claim in claims { _ = try await stage.backend.place(claim, .always) }
            for (key, limit, expected) in [("a", 100, [0, 3, 4]), ("a", 2, [0, 3]), ("ab", 100, [1]), ("b", 100, [])] {
                let records = try await stage.backends[1].claims(on: stage.key(key), limit: limit)
                try require(records.map(\.id) == expected.map { claims[$0].id }, "\(key): \(records)")
                try require(
                    records.map(\.isHeld) == expected.indices.map { $0 == 0 }, "held: \(records.map(\.isHeld))")
            }
        },
        ConformanceCase("a claim on several keys is listed under each", [.listing, .severalKeys]) { stage in
            let claim = try stage.claim(["a", "b", "c"].map { Claim.Part(stage.key($0)) })
            let token = try await stage.hold(claim)
            let records = try await stage.backend.claims(withPrefix: stage.prefix, limit: 100)
            try require(records.map(\.key) == claim.parts.map(\.key), "listed keys: \(records.map(\.key))")
            try require(records.allSatisfy { $0.id == claim.id && $0.token == token }, "listed: \(records)")
        },
        ConformanceCase("a listing says who was asked to let go", .listing) { stage in
            let (asked, other) = try (stage.claim("a"), stage.claim("b"))
            try await stage.hold(asked)
            try await stage.hold(other)
            _ = try await stage.backend.ask(asked.id)
            let records = try await stage.backend.claims(withPrefix: stage.prefix, limit: 100)
            try require(records.map(\.isAsked) == [true, false], "asked: \(records.map(\.isAsked))")
        },
    ]

    static let names: [ConformanceCase] = [
        ConformanceCase("two names never meet, unless their bytes are equal") { stage in
            let rest = NameCorpus.longest(prefixBytes: stage.prefix.utf8.count, limit: LockKey.bytesLimit)
            let names = NameCorpus.names + rest
            var claims: [Claim] = []
            for name in names {
                let claim = try stage.claim(name)
                try await stage.hold(claim)
                claims.append(claim)
            }
            for name in names {
                let placement = try await stage.backends[1].place(stage.claim(name), .ifFree)
                try require(placement == .refused, "\(name.debugDescription) is held, and yet \(placement)")
            }
            for claim in claims { try await stage.remove(claim) }
            // The other way round: a longer name must not stand in the way of a shorter one either.
            for name in names.reversed() { try await stage.hold(stage.claim(name), on: stage.backends[1]) }
        },
        ConformanceCase("names are listed as they were given", .listing) { stage in
            let names = NameCorpus.names
            for name in names { try await stage.hold(stage.claim(name)) }
            let listed = try await stage.backend.claims(withPrefix: stage.prefix, limit: 1000).map(\.key)
            let expected = names.map { stage.key($0) }.sorted()
            let missing = Set(expected).subtracting(listed).map(\.text.debugDescription)
            let invented = Set(listed).subtracting(expected).map(\.text.debugDescription)
            try require(listed == expected, "not listed: \(missing); listed but not placed: \(invented)")
        },
    ]
}
