import Holdfast

extension DeadlockTrial {
    /// Two to six owners on a few keys. What they hold, all can hold at once; what they want, they do not hold.
    static func plans(_ seed: UInt64, _ prefix: String, _ can: BackendCapabilities) -> [Plan] {
        var random = SeededGenerator(seed: seed)
        var can = can
        // Whom a reader comes behind must be known.
        can.supportsShared = can.supportsShared && can.isFIFO
        let owners = random.below(5) + 2
        let kind = random.below(can.supportsPermits ? 4 : 3)
        var plans: [Plan] = []
        for number in 0..<owners {
            var plan = Plan(holds: [Claim.Part(key(prefix, number))], wants: [])
            if kind >= 1, can.supportsShared, random.happens(400) {
                plan.holds.append(Claim.Part(LockKey(unchecked: prefix + "read"), .shared))
            }
            if kind == 3, number < 3 { plan.holds.append(Claim.Part(LockKey(unchecked: prefix + "permit"), permit)) }
            plans.append(plan)
        }
        let circle = kind == 0 ? shuffled(owners, &random) : []
        for number in 0..<owners {
            let held = plans[number].holds.map(\.key)
            let wanted =
                kind == 0
                ? [Claim.Part(key(prefix, circle[number]))] : wants(number, owners, kind, prefix, can, &random)
            // Who holds a key does not ask for it again: that would be no deadlock of several.
            plans[number].wants = wanted.filter { !held.contains($0.key) }
            if plans[number].wants.isEmpty { plans[number].wants = [Claim.Part(key(prefix, owners))] }
        }
        return plans
    }

    private static let permit = LockMode.permits(1, of: 3)

    private static func key(_ prefix: String, _ number: Int) -> LockKey { LockKey(unchecked: "\(prefix)k\(number)") }

    private static func wants(
        _ number: Int, _ owners: Int, _ kind: Int, _ prefix: String, _ can: BackendCapabilities,
        _ random: inout SeededGenerator
    ) -> [Claim.Part] {
        if kind >= 1, can.supportsShared, random.happens(250) {
            let mode: LockMode = random.happens(500) ? .exclusive : .shared
            return [Claim.Part(LockKey(unchecked: prefix + "read"), mode)]
        }
        if kind == 3, number >= 3, random.happens(500) {
            return [Claim.Part(LockKey(unchecked: prefix + "permit"), .permits(random.below(2) + 1, of: 3))]
        }
        let several = can.keysPerClaimLimit > 1 && random.happens(300)
        let numbers = Set((0..<(several ? 2 : 1)).map { _ in random.below(owners) })
        return numbers.sorted().map { Claim.Part(key(prefix, $0)) }
    }

    private static func shuffled(_ count: Int, _ random: inout SeededGenerator) -> [Int] {
        var numbers = Array(0..<count)
        for index in numbers.indices.dropLast() { numbers.swapAt(index, index + random.below(count - index)) }
        return numbers
    }
}
