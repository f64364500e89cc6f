package import Holdfast

/// What verbs cost, in exchanges that a proxy counts: all of them, so that there must be no other traffic.
package enum VerbCosts {
    /// The first time opens sessions, and makes what is not there.
    private static let rounds = 3

    /// Uses each verb of records, in each way that it ends.
    ///
    /// - Returns: the exchanges, by verb and end.
    package static func records(_ records: any RecordStore, _ proxy: FaultProxy) async throws -> [String: Int] {
        var costs: [String: Int] = [:]
        for _ in 0..<rounds {
            for (life, name) in [(nil, "for ever"), (.seconds(60), "for a minute")] as [(Duration?, String)] {
                for (verb, cost) in try await round(records, life, proxy) { costs["\(verb), \(name)"] = cost }
            }
        }
        return costs
    }

    /// Replaces a note.
    ///
    /// - Parameter id: a claim that is held.
    package static func note(on id: Claim.ID, _ backend: some LockBackend, _ proxy: FaultProxy) async throws -> Int {
        var cost = 0
        for round in 0..<rounds {
            let before = proxy.exchanges
            guard try await backend.annotate(id, with: ClaimNote("note \(round)")) == .removed else {
                throw TestFailure("\(id) has no note")
            }
            cost = proxy.exchanges - before
        }
        return cost
    }

    private static func round(
        _ records: any RecordStore, _ life: Duration?, _ proxy: FaultProxy
    ) async throws -> [String: Int] {
        let key: LockKey = "cost"
        var costs: [String: Int] = [:]
        func count<R>(_ verb: String, _ body: () async throws -> R) async throws -> R {
            let before = proxy.exchanges
            let result = try await body()
            costs[verb] = proxy.exchanges - before
            return result
        }
        func write(_ verb: String, _ expected: Record.Version?) async throws -> Record.Version? {
            let value = Array("a value".utf8)
            let write = try await count(verb) {
                try await records.write(value, to: key, expecting: expected, timeToLive: life)
            }
            guard case .written(let version) = write else { return nil }
            return version
        }
        let none = try await count("read none") { try await records.read(key) }
        guard none == nil, let first = try await write("write the first", nil),
            try await write("write where there is one", nil) == nil,
            let second = try await write("replace", first), try await write("replace what was replaced", first) == nil,
            try await count("read", { try await records.read(key) })?.version == second,
            try await !count("delete what was replaced", { try await records.delete(key, expecting: first) }),
            try await count("delete", { try await records.delete(key, expecting: second) })
        else { throw TestFailure("no verb ends so: \(costs)") }
        return costs
    }
}
