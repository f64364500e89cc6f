import Holdfast
import Synchronization

extension CoordinationSimulation {
    /// Readers, writers and those who read first and then write, on a path and below it.
    ///
    /// - Parameter hidesReaders: clients do not see readers: for showing that it is noticed.
    public static func upgrades(seed: UInt64, hidesReaders: Bool = false) -> SimulationResult {
        let setting = setting(seed: seed, key: UpgradeTrial.key, members: 2...4, isBroken: false)
        var backend = WitnessedBackend(clock: setting.scheduler.clock)
        backend.hidesReaders = hidesReaders
        let trial = UpgradeTrial(setting)
        var result = run(setting, backend: backend) { await trial.live($0) }
        result.violations += trial.violations
        result.counts.grants += trial.upgrades
        return result
    }
}

/// What the processes of one run do. At each step those who believe to hold are compared.
final class UpgradeTrial: Sendable {
    static let key: LockKey = "p/q"
    private static let path = LockPath("p" / "q")

    private struct Believer {
        let lease: Lease
        let access: LockPath.Access
    }

    private struct State {
        var violations: [Violation] = []
        var believers: [UInt64: Believer] = [:]
        var entries: UInt64 = 0
        /// How often somebody who believed so wrote.
        var version = 0
        var upgrades = 0
    }

    private struct Use {
        let before: Duration
        let path: LockPath
        let access: LockPath.Access
        let wait: Wait
        let steps: [Duration]
        let cancelAfter: Duration?
    }

    private let state = Mutex(State())
    private let setting: CoordinationSimulation.Setting

    init(_ setting: CoordinationSimulation.Setting) { self.setting = setting }

    var violations: [Violation] { state.withLock { $0.violations } }
    var upgrades: Int { state.withLock { $0.upgrades } }

    func live(_ process: SimulatedProcess) async {
        let number = UInt64(process.name.split(separator: "-").last ?? "0") ?? 0
        var random = SeededGenerator(seed: setting.seed &* 139 &+ number)
        let uses = (0...random.below(4) + 1).map { _ in
            let access = random.pick([LockPath.Access.shared, .shared, .upgradeable, .upgradeable, .exclusive])
            return Use(
                before: .milliseconds(random.below(1500)),
                path: access == .shared && random.happens(500) ? Self.path / "r" : Self.path, access: access,
                wait: random.pick([.forever, .forever, .upTo(.milliseconds(random.below(4000) + 1)), .no]),
                steps: (0...random.below(3)).map { _ in .milliseconds(random.below(600)) },
                cancelAfter: random.happens(150) ? .milliseconds(random.below(3000)) : nil)
        }
        await withTaskGroup(of: Void.self) { group in
            for use in uses {
                group.addTask {
                    guard (try? await process.time.sleep(until: use.before)) != nil else { return }
                    await withTaskGroup(of: Void.self) { group in
                        group.addTask { await self.take(use, process) }
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

    private static let expected: Set<LockError.Code> = [
        .busy, .timedOut, .leaseLost, .cancelled, .unavailable, .notRunning,
    ]

    private func take(_ use: Use, _ process: SimulatedProcess) async {
        do {
            try await process.client.withLock(path: use.path, use.access, wait: use.wait) { lease in
                let read = try await self.stay(lease, use.access, use, process)
                guard use.access == .upgradeable else { return }
                try await lease.withUpgrade(wait: use.wait) { upgraded in
                    self.state.withLock { $0.upgrades += 1 }
                    let now = try await self.stay(upgraded, .exclusive, use, process)
                    guard upgraded.isHeld, now != read + 1 else { return }
                    self.report("what was read at version \(read) was written as \(now)")
                }
            }
        } catch let error as LockError where Self.expected.contains(error.code) {
        } catch is CancellationError {
        } catch {
            report("a use ends with \(error)")
        }
    }

    /// - Returns: the version that was seen; of a writer, its own.
    private func stay(
        _ lease: Lease, _ access: LockPath.Access, _ use: Use, _ process: SimulatedProcess
    ) async throws -> Int {
        let (entry, version) = state.withLock { state in
            state.entries += 1
            state.believers[state.entries] = Believer(lease: lease, access: access)
            if access == .exclusive, lease.isHeld { state.version += 1 }
            return (state.entries, state.version)
        }
        defer { state.withLock { _ = $0.believers.removeValue(forKey: entry) } }
        check()
        for step in use.steps {
            try await process.time.sleep(until: process.time.now + step)
            check()
        }
        return version
    }

    /// Nobody is beside a writer, and no two are upgradeable.
    private func check() {
        let believers = state.withLock { Array($0.believers.values) }.filter(\.lease.isHeld)
        let strong = believers.filter { $0.access != .shared }
        let writers = believers.filter { $0.access == .exclusive }
        guard strong.count > 1 || !writers.isEmpty && believers.count > 1 else { return }
        report("these believe in their locks at once: \(believers.map { "\($0.access) \($0.lease.id)" })")
    }

    private func report(_ text: String) { state.withLock { $0.violations.append(Violation("U1", text)) } }
}
