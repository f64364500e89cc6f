import Holdfast

extension Owner {
    static let test = Owner(host: "host", processID: 1, program: "test")
}

extension Claim {
    static func test(
        _ number: UInt64, _ parts: [Part], timeToLive: Duration = .seconds(30)
    ) throws(LockError) -> Claim {
        try Claim(id: ID(client: 0, sequence: number), parts: parts, timeToLive: timeToLive, owner: .test)
    }
}

extension Claim.ID {
    static func test(_ number: UInt64) -> Claim.ID { Claim.ID(client: 0, sequence: number) }
}

/// A table behind a reference, since expectations cannot mutate values.
final class TestTable {
    private var table: ClaimTable

    init() {
        guard let token = FencingToken(rawValue: 100) else { preconditionFailure("100 is a token") }
        table = ClaimTable(lastToken: token)
    }

    var count: Int { table.count }
    var nextExpiry: Duration? { table.nextExpiry() }

    @discardableResult
    func place(_ claim: Claim, _ condition: PlaceCondition = .always, now: Duration = .zero) throws -> Placement {
        try table.place(claim, condition, now: now)
    }

    /// Places a claim on one key.
    @discardableResult
    func put(
        _ number: UInt64, _ key: LockKey, _ mode: LockMode = .exclusive, _ condition: PlaceCondition = .always
    ) throws -> Placement {
        try place(.test(number, [.init(key, mode)]), condition)
    }

    /// Removes a claim, and says who came to be held by that.
    func removed(_ number: UInt64) -> [UInt64] {
        _ = table.remove(.test(number), now: .zero)
        return effects().granted.map(\.id.sequence)
    }

    func remove(_ number: UInt64, now: Duration = .zero) -> Removal { table.remove(.test(number), now: now) }
    func extend(_ numbers: [UInt64], for timeToLive: Duration, now: Duration) -> Extension {
        table.extend(numbers.map { .test($0) }, for: timeToLive, now: now)
    }
    func expire(now: Duration) { table.expire(now: now) }
    func ask(_ number: UInt64, now: Duration = .zero) -> Removal { table.ask(.test(number), now: now) }
    func effects() -> ClaimTable.Effects { table.takeEffects() }
    func grant(_ number: UInt64) -> Grant? { table.grant(of: .test(number)) }
    func contains(_ number: UInt64) -> Bool { table.contains(.test(number)) }
    func blockers(_ number: UInt64) -> [UInt64] { table.blockers(of: .test(number)).map(\.sequence) }
    func records(withPrefix prefix: String, limit: Int) -> [ClaimRecord] {
        table.records(withPrefix: prefix, limit: limit, now: .zero)
    }
}

extension Placement {
    var isHeld: Bool { if case .held = self { true } else { false } }
    var token: FencingToken? { if case .held(let grant) = self { grant.token } else { nil } }
}
