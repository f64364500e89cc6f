import Holdfast

/// What happens in one simulated run: all of it follows from the seed.
struct SimulationScenario: Sendable {
    enum Style: Sendable, CaseIterable { case withLock, acquire, tryAcquire, dropped, nested }

    /// One use of a lock.
    struct Operation: Sendable {
        var before: Duration
        var parts: [Claim.Part]
        var style: Style
        var wait: Wait
        /// How long the holder works, in steps after each of which it looks whether it still holds.
        var steps: [Duration]
        var cancelAfter: Duration?
        var extendsTo: Duration?
    }

    struct Process: Sendable {
        var name: String
        var ratePPM: Int
        var timeToLive: Duration
        var maxHold: Duration?
        var plan: FaultPlan
        var workers: [[Operation]]
    }

    enum Incident: Sendable {
        case pause(Int, Duration)
        case cut(Int, Duration)
        case crash(Int)
        /// An operator asks the holder of a key to let go, or removes its claim by force.
        case ask(LockKey)
        case force(LockKey)
    }

    /// Without faults and incidents the bounds of the hand-off are tight.
    let isCalm: Bool
    /// Whether the backend's claims are compared before and after each verb.
    let isRecorded: Bool
    /// Whether tasks are interrupted also where they need not wait. Comparing needs verbs that are one step.
    let isInterrupted: Bool
    let processes: [Process]
    let incidents: [(at: Duration, what: Incident)]

    /// Processes without operations, which have a story instead.
    init(isCalm: Bool, isInterrupted: Bool, processes: [Process], incidents: [(at: Duration, what: Incident)]) {
        self.isCalm = isCalm
        isRecorded = false
        self.isInterrupted = isInterrupted
        self.processes = processes
        self.incidents = incidents
    }

    init(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        isCalm = random.happens(150)
        isRecorded = random.happens(250)
        isInterrupted = !isRecorded && random.happens(300)
        let keys = Self.keys(&random)
        let isCalm = isCalm
        // Of its own: the other choices of a seed do not depend on it.
        var paths = SeededGenerator(seed: seed ^ 0x7061_7468)
        let usesPaths = paths.happens(400)
        processes = (0..<random.below(3) + 2).map { number in
            Process(
                name: "client-\(number)", ratePPM: isCalm ? 0 : random.below(18_001) - 9_000,
                timeToLive: .milliseconds(1000 + random.below(2000)),
                maxHold: random.happens(100) ? .milliseconds(300 + random.below(2000)) : nil,
                plan: isCalm ? Self.calmPlan : Self.plan(&random),
                workers: (0..<random.below(2) + 1).map { _ in
                    (0..<random.below(3) + 1).map { _ in
                        let operation = Self.operation(keys, isCalm: isCalm, &random)
                        return usesPaths ? Self.onPath(operation, &paths) : operation
                    }
                })
        }
        let count = processes.count
        incidents = isCalm ? [] : Self.incidents(keys, processes: count, &random)
    }

    /// The keys of a run, each with the modes in which it is wanted.
    private static func keys(_ random: inout SeededGenerator) -> [(LockKey, [LockMode])] {
        let limit = random.below(3) + 2
        let all: [(LockKey, [LockMode])] = [
            ("a", [.exclusive]), ("b", [.exclusive, .shared, .shared]),
            ("c", [.permits(1, of: limit), .permits(1, of: limit), .permits(2, of: limit)]),
        ]
        let first = random.below(3)
        return (0...random.below(2)).map { all[(first + $0) % 3] }
    }

    /// The same on a path of a small tree, mostly; what was asked for on keys stays a neighbour.
    private static func onPath(_ operation: Operation, _ random: inout SeededGenerator) -> Operation {
        guard random.happens(800) else { return operation }
        let tree: [LockPath] = ["t", "t" / "1", "t" / "1" / "a", "t" / "1" / "b", "t" / "2" / "a"]
        let paths = (0..<(random.happens(100) ? 2 : 1)).map { _ in
            (path: random.pick(tree), access: random.pick(LockPath.Access.allCases))
        }
        guard let parts = try? LockPath.parts(of: paths) else { preconditionFailure("the tree's paths are valid") }
        var operation = operation
        operation.parts = parts
        return operation
    }

    static let calmPlan = FaultPlan(FaultPlan.Rates(delay: .zero ... .milliseconds(5)))

    static func plan(_ random: inout SeededGenerator) -> FaultPlan {
        let worst = random.pick([0, 30, 100, 250])
        return FaultPlan(
            FaultPlan.Rates(
                delay: .zero ... .milliseconds(1 + random.below(100)), longDelays: random.below(worst + 1),
                longDelay: .milliseconds(100) ... .milliseconds(3000), requestsDropped: random.below(worst + 1),
                repliesDropped: random.below(worst + 1), duplicates: random.below(worst + 1),
                lateDuplicates: random.below(worst + 1)))
    }

    private static func operation(
        _ keys: [(LockKey, [LockMode])], isCalm: Bool, _ random: inout SeededGenerator
    ) -> Operation {
        let wanted = random.happens(200) ? keys : [random.pick(keys)]
        let parts = wanted.map { Claim.Part($0.0, random.pick($0.1)) }
        let wait: Wait = random.pick([
            .forever, .forever, .upTo(.milliseconds(random.below(4000) + 1)), .no,
        ])
        return Operation(
            before: .milliseconds(random.below(800)), parts: parts,
            style: random.pick([.withLock, .withLock, .acquire, .acquire, .tryAcquire, .dropped, .nested]), wait: wait,
            steps: (0...random.below(3)).map { _ in .milliseconds(random.below(random.happens(150) ? 2500 : 250)) },
            cancelAfter: random.happens(isCalm ? 60 : 250) ? .microseconds(random.below(2_000_000)) : nil,
            extendsTo: random.happens(100) ? .milliseconds(1000 + random.below(3000)) : nil)
    }

    static func incidents(
        _ keys: [(LockKey, [LockMode])], processes: Int, _ random: inout SeededGenerator
    ) -> [(at: Duration, what: Incident)] {
        (0..<random.below(5)).map { _ -> (at: Duration, what: Incident) in
            let process = random.below(processes)
            let length: Duration = .milliseconds(random.below(4000))
            let what: Incident =
                switch random.below(7) {
                case 0, 1: .pause(process, length)
                case 2, 3: .cut(process, length)
                case 4: .crash(process)
                case 5: .ask(random.pick(keys).0)
                default: .force(random.pick(keys).0)
                }
            return (.milliseconds(random.below(5000)), what)
        }
        .sorted { $0.at < $1.at }
    }
}
