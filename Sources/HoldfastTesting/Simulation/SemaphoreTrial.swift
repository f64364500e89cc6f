import Holdfast
import Synchronization

extension CoordinationSimulation {
    /// Users of a semaphore, and one that resizes it.
    ///
    /// - Parameter doublesLimit: clients read twice the limit: for showing that it is noticed.
    public static func semaphores(seed: UInt64, doublesLimit: Bool = false) -> SimulationResult {
        let setting = setting(seed: seed, key: SemaphoreTrial.key, members: 2...4, observers: 1, isBroken: false)
        let lie: @Sendable ([UInt8]) -> [UInt8] = { value in Array("{\"limit\":\((value.numbers.first ?? 0) * 2)}".utf8)
        }
        let backend = WitnessedBackend(clock: setting.scheduler.clock, lie: doublesLimit ? lie : nil)
        let trial = SemaphoreTrial(setting, backend.log)
        var result = run(setting, backend: backend) { await trial.live($0) }
        result.violations += trial.violations
        result.counts.grants += trial.admissions
        return result
    }
}

/// What the processes of one run of a semaphore do. At each moment those who believe to hold are counted.
final class SemaphoreTrial: Sendable {
    static let key: LockKey = "s"
    private static let limit = 3
    private static let heaviest = 3
    /// From here on there are permits for everybody.
    private static let length: Duration = .seconds(8)

    private struct User {
        let lease: Lease
        let weight: Int
        let asked: Duration
        let admitted: Duration
    }

    private struct State {
        var violations: [Violation] = []
        var users: [Claim.ID: User] = [:]
        var admissions = 0
    }

    private let state = Mutex(State())
    private let setting: CoordinationSimulation.Setting
    private let log: WitnessedBackend.Log

    init(_ setting: CoordinationSimulation.Setting, _ log: WitnessedBackend.Log) {
        self.setting = setting
        self.log = log
    }

    var violations: [Violation] { state.withLock { $0.violations } }
    var admissions: Int { state.withLock { $0.admissions } }

    func live(_ process: SimulatedProcess) async {
        let number = Int(process.name.split(separator: "-").last ?? "0") ?? 0
        var random = SeededGenerator(seed: setting.seed &* 137 &+ UInt64(number))
        guard number < setting.membersCount else { return await resize(process, &random) }
        let uses = (0...random.below(3) + 1).map { _ in
            (
                before: Duration.milliseconds(random.below(1500)), weight: random.below(Self.heaviest) + 1,
                wait: random.pick([Wait.forever, .forever, .upTo(.milliseconds(random.below(4000) + 1)), .no]),
                steps: (0...random.below(3)).map { _ in Duration.milliseconds(random.below(600)) },
                cancelAfter: random.happens(150) ? Duration.milliseconds(random.below(2000)) : nil
            )
        }
        await withTaskGroup(of: Void.self) { group in
            for use in uses {
                group.addTask {
                    guard (try? await process.time.sleep(until: use.before)) != nil else { return }
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask { await self.use(process, use.weight, use.wait, use.steps) }
                        if let delay = use.cancelAfter {
                            group.addTask { try? await process.time.sleep(until: process.time.now + delay) }
                        }
                        await group.next()
                        group.cancelAll()
                    }
                }
            }
        }
    }

    private func use(_ process: SimulatedProcess, _ weight: Int, _ wait: Wait, _ steps: [Duration]) async {
        let asked = process.time.now
        do {
            let semaphore = try process.client.semaphore(Self.key, limit: Self.limit)
            try await semaphore.withPermits(weight, wait: wait) { lease in
                let user = User(lease: lease, weight: weight, asked: asked, admitted: process.time.now)
                self.state.withLock { state in
                    state.users[lease.id] = user
                    state.admissions += 1
                }
                defer { self.state.withLock { _ = $0.users.removeValue(forKey: lease.id) } }
                self.check()
                for step in steps {
                    try await process.time.sleep(until: process.time.now + step)
                    self.check()
                }
            }
        } catch let error as LockError where Self.expected.contains(error.code) {
        } catch is CancellationError {
        } catch {
            report("a user ends with \(error)")
        }
    }

    private static let expected: Set<LockError.Code> = [
        .busy, .timedOut, .leaseLost, .cancelled, .unavailable, .notRunning,
    ]

    private func resize(_ process: SimulatedProcess, _ random: inout SeededGenerator) async {
        let limits = (0..<random.below(5)).map { _ in
            (at: Duration.milliseconds(random.below(8000)), limit: random.below(7))
        }
        guard let semaphore = try? process.client.semaphore(Self.key, limit: Self.limit) else { return }
        for next in limits.sorted(by: { $0.at < $1.at }) {
            guard (try? await process.time.sleep(until: next.at)) != nil else { return }
            // Of unknown outcome, at worst: what came of it is in the log.
            try? await semaphore.resize(to: next.limit)
        }
        guard (try? await process.time.sleep(until: Self.length)) != nil else { return }
        while !Task.isCancelled, (try? await semaphore.resize(to: Self.heaviest * 2)) == nil {}
    }

    /// Those who believe to hold have no more than the limit under which the youngest of them was admitted.
    private func check() {
        let users = state.withLock { Array($0.users.values) }.filter(\.lease.isHeld)
        guard let youngest = users.max(by: { $0.lease.token < $1.lease.token }) else { return }
        let sum = users.reduce(0) { $0 + $1.weight }
        let limit = greatestLimit(from: youngest.asked, to: youngest.admitted)
        guard sum > limit else { return }
        report("\(users.count) users hold \(sum) permits, and the youngest was admitted under \(limit)")
    }

    private func greatestLimit(from: Duration, to: Duration) -> Int {
        let writes = log.writes.map { (at: $0.at, limit: Int($0.value.numbers.first ?? 0)) }.filter { $0.at <= to }
        let first = writes.lastIndex { $0.at <= from } ?? 0
        return writes[first...].map(\.limit).max() ?? 0
    }

    private func report(_ text: String) { state.withLock { $0.violations.append(Violation("S1", text)) } }
}
