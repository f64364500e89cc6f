import Holdfast

/// Who must give way, by the pure table alone: owners are known here, and nothing is read from notes.
struct DeadlockOracle {
    private var table: ClaimTable
    private var sequence: UInt64 = 0
    private var holds: [[Claim.ID]] = []
    /// The claims that wait, by owner.
    private var waits: [Int: Claim.ID] = [:]
    private var owners: [Claim.ID: Int] = [:]
    private var permits: [Claim.ID: (count: Int, limit: Int)] = [:]

    init(_ plans: [DeadlockTrial.Plan]) throws {
        guard let first = FencingToken(rawValue: 1) else { throw ConformanceFailure("1 is a token") }
        table = ClaimTable(lastToken: first)
        for (owner, plan) in plans.enumerated() {
            holds.append(
                try plan.holds.map { part in
                    let (id, isHeld) = try place([part], owner)
                    guard isHeld else { throw ConformanceFailure("the plan is none: \(part) waits at once") }
                    return id
                })
        }
        for (owner, plan) in plans.enumerated() {
            let (id, isHeld) = try place(plan.wants, owner)
            if isHeld { end(owner, id) } else { waits[owner] = id }
            goOn()
        }
    }

    /// Lets the youngest of each circle give way, and all others go on, until nobody waits.
    mutating func victims() throws -> (victims: Set<Int>, rounds: Int) {
        var (victims, rounds): (Set<Int>, Int) = ([], 0)
        while !waits.isEmpty {
            let youngest = circles().compactMap { $0.max { (waits[$0]?.sequence ?? 0) < (waits[$1]?.sequence ?? 0) } }
            guard !youngest.isEmpty else { throw ConformanceFailure("\(waits.keys.sorted()) wait, and in no circle") }
            rounds += 1
            for owner in youngest {
                victims.insert(owner)
                if let claim = waits.removeValue(forKey: owner) { end(owner, claim) }
            }
            goOn()
        }
        return (victims, rounds)
    }

    private mutating func place(_ parts: [Claim.Part], _ owner: Int) throws -> (Claim.ID, isHeld: Bool) {
        sequence += 1
        let claim = try Claim(
            id: Claim.ID(client: 1, sequence: sequence), parts: parts, timeToLive: .seconds(1),
            owner: Owner(host: "oracle", processID: 1, program: "oracle"))
        owners[claim.id] = owner
        if case .permits(let count, let limit) = parts[0].mode { permits[claim.id] = (count, limit) }
        guard case .held = try table.place(claim, .always, now: .zero) else { return (claim.id, false) }
        return (claim.id, true)
    }

    /// An owner has what it wanted, or gives up: all that it has goes.
    private mutating func end(_ owner: Int, _ claim: Claim.ID) {
        for id in holds[owner] + [claim] { _ = table.remove(id, now: .zero) }
        holds[owner] = []
    }

    private mutating func goOn() {
        while true {
            let granted = table.takeEffects().granted
            guard !granted.isEmpty else { return }
            for (id, _) in granted {
                guard let owner = owners[id], waits[owner] == id else { continue }
                waits[owner] = nil
                end(owner, id)
            }
        }
    }

    /// Owners that wait for one another, each set once.
    private func circles() -> [[Int]] {
        var stuck = Set(waits.keys)
        while let free = stuck.first(where: { owner in canGoOn(owner, while: stuck) }) { stuck.remove(free) }
        let ahead = stuck.reduce(into: [:]) { $0[$1] = reached(from: $1, within: stuck) }
        var seen: Set<Int> = []
        return stuck.sorted().compactMap { owner in
            guard !seen.contains(owner), ahead[owner]?.contains(owner) == true else { return nil }
            let circle = stuck.filter { ahead[owner]?.contains($0) == true && ahead[$0]?.contains(owner) == true }
            seen.formUnion(circle)
            return circle.sorted()
        }
    }

    private func canGoOn(_ owner: Int, while stuck: Set<Int>) -> Bool {
        guard let claim = waits[owner] else { return true }
        let staying = table.blockers(of: claim).filter { blocker in owners[blocker].map(stuck.contains) ?? false }
        guard let own = permits[claim] else { return staying.isEmpty }
        return staying.reduce(own.count) { $0 + (permits[$1]?.count ?? own.limit) } <= own.limit
    }

    private func next(_ owner: Int, within stuck: Set<Int>) -> Set<Int> {
        guard let claim = waits[owner] else { return [] }
        return Set(table.blockers(of: claim).compactMap { owners[$0] }).intersection(stuck)
    }

    private func reached(from owner: Int, within stuck: Set<Int>) -> Set<Int> {
        var seen: Set<Int> = []
        var open = Array(next(owner, within: stuck))
        while let one = open.popLast() {
            if seen.insert(one).inserted { open += next(one, within: stuck) }
        }
        return seen
    }
}
