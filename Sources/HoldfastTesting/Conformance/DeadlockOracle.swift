import Holdfast

/// Who must give way, by the pure table alone: owners are known here, and nothing is read from notes.
///
/// Owners ask one after another, so one wait at most closes circles: its owner gives way, and who waited only for that
/// one goes on. A circle that is found later, when more of them share its waits, has the same victim.
struct DeadlockOracle {
    /// Who gives way, one for each circle, in the order in which circles come into being.
    private(set) var victims: [Int] = []
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
            if !isHeld { waits[owner] = id }
            let isClosing = !stuck().isEmpty
            if isClosing { victims.append(owner) }
            if isHeld || isClosing {
                waits[owner] = nil
                end(owner, id)
            }
            goOn()
        }
        guard waits.isEmpty else { throw ConformanceFailure("\(waits.keys.sorted()) wait, and in no circle") }
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

    /// Who waits for ever, however all others go on.
    private func stuck() -> Set<Int> {
        var stuck = Set(waits.keys)
        while let free = stuck.first(where: { owner in canGoOn(owner, while: stuck) }) { stuck.remove(free) }
        return stuck
    }

    private func canGoOn(_ owner: Int, while stuck: Set<Int>) -> Bool {
        guard let claim = waits[owner] else { return true }
        let staying = table.blockers(of: claim).filter { blocker in owners[blocker].map(stuck.contains) ?? false }
        guard let own = permits[claim] else { return staying.isEmpty }
        return staying.reduce(own.count) { $0 + (permits[$1]?.count ?? own.limit) } <= own.limit
    }
}
