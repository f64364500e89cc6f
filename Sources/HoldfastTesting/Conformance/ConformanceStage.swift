import Holdfast
import Synchronization

/// One case's backends, keys and claims, and the questions that every case asks.
public final class ConformanceStage: Sendable {
    let harness: ConformanceHarness
    let backends: [any LockBackend]
    let prefix: String
    private let idClient: UInt64
    private let idSequence = Atomic<UInt64>(0)
    private let placed = Mutex<[Claim.ID]>([])
    private let written = Mutex<Set<LockKey>>([])

    /// Long enough that nothing expires while a case runs.
    static let longLife: Duration = .seconds(3600)

    init(_ harness: ConformanceHarness, backends: [any LockBackend], name: String) {
        self.harness = harness
        self.backends = backends
        // Claims of two runs on one store must not share ids: this is the one number that no seed decides.
        idClient = UInt64.random(in: 1...UInt64.max)
        let words = name.split { !$0.isLetter }.prefix(4).joined(separator: "-")
        prefix = "\(harness.keyPrefix)\(String(idClient, radix: 36))/\(words)/"
    }

    var backend: any LockBackend { backends[0] }
    var capabilities: BackendCapabilities { backends[0].capabilities }
    /// The longest life that the backend and the suite agree on.
    var life: Duration { min(Self.longLife, capabilities.longestTimeToLive) }
    var shortLife: Duration { capabilities.shortestTimeToLive }

    func key(_ name: String) -> LockKey { LockKey(unchecked: prefix + name) }

    /// What a claim on a path consists of: `root/leaf` by its components.
    func parts(_ path: String, _ access: LockPath.Access = .exclusive) throws -> [Claim.Part] {
        try LockPath(separating: path).parts(for: access).map { Claim.Part(key($0.key.text), $0.mode) }
    }

    func claim(path: String, _ access: LockPath.Access = .exclusive, life: Duration? = nil) throws -> Claim {
        try claim(parts(path, access), life: life)
    }

    func claim(_ parts: [Claim.Part], life: Duration? = nil, note: ClaimNote = .empty) throws -> Claim {
        let sequence = idSequence.wrappingAdd(1, ordering: .relaxed).newValue
        let claim = try Claim(
            id: Claim.ID(client: idClient, sequence: sequence), parts: parts, timeToLive: life ?? self.life,
            owner: Owner(host: "conformance", processID: 1, program: "suite", label: "claim \(sequence)"),
            note: note)
        placed.withLock { $0.append(claim.id) }
        return claim
    }

    func claim(_ name: String, _ mode: LockMode = .exclusive, life: Duration? = nil) throws -> Claim {
        try claim([Claim.Part(key(name), mode)], life: life)
    }

    /// A record's key, which is forgotten at the end.
    func recordKey(_ name: String) -> LockKey {
        let key = key("record/" + name)
        written.withLock { _ = $0.insert(key) }
        return key
    }

    /// Deletes the record of a kind at the end: what is built on records writes them under names of its own.
    func forget(recordsOf kind: String, _ key: LockKey) {
        written.withLock { _ = $0.insert(LockKey(unchecked: kind + "/" + key.text)) }
    }

    /// The records as another process sees them; the first backend's by default.
    func records(_ index: Int = 0) throws -> any RecordStore {
        guard let records = backends[index].records else {
            throw ConformanceFailure("\(capabilities.name) says that it has records, and has none")
        }
        return records
    }

    /// Lets time pass: on the backend's test clock where there is one.
    func pass(_ duration: Duration) async throws {
        guard let advance = harness.advance else { return try await ContinuousClock().sleep(for: duration) }
        try await advance(duration)
    }

    /// Deletes what the case wrote, and what others wrote under its keys.
    private func deleteRecords() async throws {
        guard let records = backend.records else { return }
        for key in written.withLock({ $0 }) {
            if let record = try await records.read(key) { _ = try await records.delete(key, expecting: record.version) }
        }
    }

    /// Removes what is left of the case, and looks whether anything stays.
    func checkEmpty() async throws {
        try await deleteRecords()
        for id in placed.withLock({ $0 }) { _ = try await backend.remove(id) }
        guard capabilities.supportsListing else { return }
        let left = try await backend.claims(withPrefix: prefix, limit: 1000)
        try require(left.isEmpty, "left in the store at the end: \(left.map { ClaimState($0) })")
    }
}

extension ConformanceStage {
    @discardableResult
    func hold(_ claim: Claim, on backend: (any LockBackend)? = nil) async throws -> FencingToken {
        let placement = try await (backend ?? self.backend).place(claim, .always)
        guard case .held(let grant) = placement else {
            throw ConformanceFailure("\(describe(claim)) should be held at once, and is \(placement)")
        }
        return grant.token
    }

    func wait(_ claim: Claim, on backend: (any LockBackend)? = nil) async throws {
        let placement = try await (backend ?? self.backend).place(claim, .always)
        guard case .waiting = placement else {
            throw ConformanceFailure("\(describe(claim)) should wait, and is \(placement)")
        }
    }

    /// Waits for a grant, within the bound of a hand-off.
    @discardableResult
    func granted(_ claim: Claim, on backend: (any LockBackend)? = nil) async throws -> FencingToken {
        let backend = backend ?? self.backend
        let limit = harness.handOffLimit
        return try await within(limit, "\(describe(claim)) was not granted within \(limit)") {
            try await backend.grant(of: claim.id).token
        }
    }

    /// Whether a claim is held, by placing it once more: that tells, and changes nothing but its life.
    func isHeld(_ claim: Claim, on backend: (any LockBackend)? = nil) async throws -> Bool {
        guard case .held = try await (backend ?? self.backend).place(claim, .always) else { return false }
        return true
    }

    func expectWaiting(_ claims: Claim...) async throws {
        for claim in claims {
            try require(try await !isHeld(claim), "\(describe(claim)) should still wait, and is held")
        }
    }

    func remove(_ claims: Claim..., on backend: (any LockBackend)? = nil) async throws {
        for claim in claims {
            let removal = try await (backend ?? self.backend).remove(claim.id)
            try require(removal == .removed, "\(describe(claim)) should be there to be removed, and is \(removal)")
        }
    }

    func expect(_ code: LockError.Code, _ what: String, _ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch let error as LockError {
            return try require(error.code == code, "\(what) should fail with \(code), and fails with \(error)")
        }
        throw ConformanceFailure("\(what) should fail with \(code), and succeeds")
    }

    func within<R: Sendable>(
        _ limit: Duration, _ text: String, _ body: @escaping @Sendable () async throws -> R
    ) async throws -> R {
        try await withThrowingTaskGroup(of: R.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await ContinuousClock().sleep(for: limit)
                throw ConformanceFailure(text)
            }
            defer { group.cancelAll() }
            guard let result = try await group.next() else { throw ConformanceFailure(text) }
            return result
        }
    }

    private func describe(_ claim: Claim) -> String {
        let keys = claim.parts.map { "\($0.mode) on \($0.key.text.dropFirst(prefix.count).debugDescription)" }
        return "claim \(claim.id.sequence) (\(keys.joined(separator: ", ")))"
    }
}
