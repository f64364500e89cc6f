import Holdfast

/// Replays random verbs on the pure claim table and on a backend, which must agree on everything but tokens and time.
///
/// Nothing expires: lives are long, and expiry is tested apart. Tokens are compared by their order.
public struct ModelTest {
    private static let liveLimit = 40

    private let stage: ConformanceStage
    private let seed: UInt64
    /// Several clients, each with claims of its own; now and then one removes another's.
    private let isShared: Bool
    private var random: SeededGenerator
    private var table: ClaimTable
    private var live: [Claim] = []
    private var gone: [Claim] = []
    /// Which of the backends has placed a claim.
    private var owners: [Claim.ID: Int] = [:]
    /// What the backend said, and what the table said, of each claim that is held.
    private var tokens: [Claim.ID: (backend: FencingToken, model: FencingToken)] = [:]
    /// The greatest of each mode.
    private var lastTokens: [LockKey: [LockMode: FencingToken]] = [:]

    /// Runs one seed.
    ///
    /// - Parameters:
    ///   - steps: how many verbs; 200 by default.
    ///   - isShared: whether the claims are of all the stage's backends, so that grants go from one to another; by
    ///     default they are of one, which the seed decides.
    /// - Throws: ``ConformanceFailure`` with the seed, the step and the difference.
    public static func run(
        _ harness: ConformanceHarness, seed: UInt64, steps: Int = 200, isShared: Bool = false
    ) async throws {
        try await harness.stage("model \(seed)") { stage in
            guard let first = FencingToken(rawValue: 1) else { throw ConformanceFailure("1 is a token") }
            var test = ModelTest(
                stage: stage, seed: seed, isShared: isShared, random: SeededGenerator(seed: seed),
                table: ClaimTable(lastToken: first))
            for step in 0..<steps {
                do {
                    try await test.step()
                } catch {
                    throw ConformanceFailure("model test with seed=\(seed), step \(step): \(error)")
                }
            }
        }
    }

    private var backend: any LockBackend { stage.backends[Int(seed) % stage.backends.count] }

    private func backend(of id: Claim.ID) -> any LockBackend { owners[id].map { stage.backends[$0] } ?? backend }

    private init(
        stage: ConformanceStage, seed: UInt64, isShared: Bool, random: SeededGenerator, table: ClaimTable
    ) {
        self.stage = stage
        self.seed = seed
        self.isShared = isShared
        self.random = random
        self.table = table
    }

    private mutating func step() async throws {
        switch random.below(10) {
        case 0...3 where live.count < Self.liveLimit: try await place(try newClaim())
        case 4 where !live.isEmpty: try await place(random.pick(live))
        case 5: try await extend()
        case 6 where !gone.isEmpty: try await remove(random.pick(gone))
        default:
            guard !live.isEmpty else { return }
            // Else most of them wait, and nothing is handed over.
            let held = isShared && random.happens(700) ? live.filter { tokens[$0.id] != nil } : []
            try await remove(random.pick(held.isEmpty ? live : held))
        }
        try await compare()
    }

    private mutating func newClaim() throws -> Claim {
        let capabilities = stage.capabilities
        var modes: [LockMode] = [.exclusive]
        if capabilities.supportsShared { modes += [.shared, .shared] }
        var parts = [Claim.Part(stage.key("a"), random.pick(modes))]
        if random.happens(300) { parts = [Claim.Part(stage.key("b"), random.pick(modes))] }
        if capabilities.supportsPermits, random.happens(350) {
            // Now and then another limit or mode, which both must refuse.
            let limit = random.happens(100) ? 4 : 3
            parts = [
                Claim.Part(stage.key("p"), random.happens(50) ? .exclusive : .permits(random.below(3) + 1, of: limit))
            ]
        }
        if capabilities.keysPerClaimLimit >= 3, random.happens(300) {
            for name in ["a", "b", "c"].prefix(random.below(3) + 1)
            where !parts.contains(where: { $0.key == stage.key(name) }) {
                parts.append(Claim.Part(stage.key(name), random.pick(modes)))
            }
        }
        if capabilities.supportsPaths, random.happens(350) { parts = try newPaths() }
        // A plain lock, which is handed over most.
        if isShared, random.happens(300) { parts = [Claim.Part(stage.key("x"))] }
        let claim = try stage.claim(parts)
        if isShared { owners[claim.id] = random.below(stage.backends.count) }
        return claim
    }

    /// A claim on one path of a small tree, now and then on two; now and then a plain one, which both must refuse.
    private mutating func newPaths() throws -> [Claim.Part] {
        let tree = ["t", "t/1", "t/1/a", "t/1/b", "t/2", "t/2/a"]
        if random.happens(30) { return [Claim.Part(stage.key(random.pick(tree)), random.pick([.exclusive, .shared]))] }
        var paths: [(LockPath, LockPath.Access)] = []
        for _ in 0..<(random.happens(150) ? 2 : 1) {
            paths.append((LockPath(separating: random.pick(tree)), random.pick(LockPath.Access.allCases)))
        }
        return try LockPath.parts(of: paths).map { Claim.Part(stage.key($0.key.text), $0.mode) }
    }

    private mutating func place(_ claim: Claim) async throws {
        let condition: PlaceCondition = random.happens(250) ? .ifFree : .always
        var expected: Result<Placement, LockError>
        do throws(LockError) {
            expected = .success(try table.place(claim, condition, now: .zero))
        } catch {
            expected = .failure(error)
        }
        do throws(LockError) {
            let placement = try await backend(of: claim.id).place(claim, condition)
            guard case .success(let model) = expected else {
                throw LockError(.storeUnusable, "\(text(claim)) is \(placement), and should fail: \(expected)")
            }
            try agree(placement, model, claim)
            if model != .refused, !live.contains(where: { $0.id == claim.id }) { live.append(claim) }
        } catch {
            guard case .failure(let model) = expected, model.code == error.code else {
                throw ConformanceFailure("\(text(claim)): \(error), where the table says \(expected)")
            }
        }
    }

    private mutating func agree(_ placement: Placement, _ model: Placement, _ claim: Claim) throws(LockError) {
        switch (placement, model) {
        case (.held(let grant), .held(let expected)):
            do {
                try note(grant.token, expected.token, claim)
            } catch {
                throw LockError(.storeUnusable, "\(error)")
            }
        case (.waiting, .waiting), (.refused, .refused): return
        default:
            throw LockError(.storeUnusable, "\(text(claim)) is \(placement), where the table says \(model)")
        }
    }

    private mutating func note(_ token: FencingToken, _ model: FencingToken, _ claim: Claim) throws {
        if let known = tokens[claim.id] {
            return try require(known == (token, model), "\(text(claim)) has token \(token), and had \(known.backend)")
        }
        tokens[claim.id] = (token, model)
        for part in claim.parts {
            // Claims that may hold together have tokens in the order of their grants, of their placing, or in none.
            for (mode, before) in lastTokens[part.key] ?? [:] where Self.exclude(mode, part.mode) {
                try require(token > before, "\(text(claim)) has token \(token), and an earlier one had \(before)")
            }
            lastTokens[part.key, default: [:]][part.mode] = max(token, lastTokens[part.key]?[part.mode] ?? token)
        }
    }

    private static func exclude(_ one: LockMode, _ other: LockMode) -> Bool {
        if case (.path(let one), .path(let other)) = (one, other) {
            return !one.mayHold(behind: other) && !other.mayHold(behind: one)
        }
        return one == .exclusive || other == .exclusive
    }

    private mutating func remove(_ claim: Claim) async throws {
        let expected = table.remove(claim.id, now: .zero)
        let remover = isShared && random.happens(200) ? random.pick(stage.backends) : backend(of: claim.id)
        let removal = try await remover.remove(claim.id)
        try require(removal == expected, "the removal of \(text(claim)) says \(removal), and the table \(expected)")
        live.removeAll { $0.id == claim.id }
        if expected == .removed { gone.append(claim) }
    }

    private mutating func extend() async throws {
        let claims = (live + gone).filter { _ in random.happens(300) }.map(\.id)
        let expected = table.extend(claims, for: stage.life, now: .zero)
        var outcome = Extension()
        for (owner, ids) in Dictionary(grouping: claims, by: { owners[$0] ?? -1 }).sorted(by: { $0.key < $1.key }) {
            let backend = owner < 0 ? backend : stage.backends[owner]
            let part = try await backend.extend(ids, for: stage.life)
            outcome.gone.formUnion(part.gone)
            outcome.asked.formUnion(part.asked)
        }
        try require(outcome == expected, "an extend says \(outcome), and the table \(expected)")
    }

    /// Who was granted, and whether both show the same queues.
    private mutating func compare() async throws {
        for (id, grant) in table.takeEffects().granted {
            guard let claim = live.first(where: { $0.id == id }) else { continue }
            try note(try await stage.granted(claim, on: backend(of: id)), grant.token, claim)
        }
        guard stage.capabilities.supportsListing else { return }
        let expected = table.records(withPrefix: "", limit: 1000, now: .zero)
        let listed = try await backend.claims(withPrefix: stage.prefix, limit: 1000)
        let isSame =
            expected.count == listed.count
            && zip(expected, listed).allSatisfy {
                $0.key == $1.key && $0.id == $1.id && $0.mode == $1.mode && $0.isHeld == $1.isHeld
                    && (!$0.isHeld || tokens[$0.id]?.backend == $1.token)
            }
        try require(
            isSame,
            "the backend lists \(listed.map { ClaimState($0) }), and the table \(expected.map { ClaimState($0) })")
    }

    private func text(_ claim: Claim) -> String {
        "\(claim.id) on \(claim.parts.map { "\($0.key.text.suffix(1)) \($0.mode)" }.joined(separator: ", "))"
    }
}
