import Holdfast
import Synchronization

/// One run: the store, the processes, and what goes wrong when.
final class SimulationRun: Sendable {
    let recorder: HistoryRecorder
    private let scenario: SimulationScenario
    private let clockSteps: [Duration]
    private let scheduler: SimulationScheduler
    private let backend: any LockBackend
    private let processes: [SimulatedProcess]
    private let time: Timekeeper
    private let failure = Mutex<Violation?>(nil)
    private let crashes = Mutex<Set<Int>>([])

    init(
        _ scenario: SimulationScenario, seed: UInt64, clockSteps: [Duration], scheduler: SimulationScheduler,
        backend: any LockBackend, story: SimulationStory? = nil
    ) {
        self.clockSteps = clockSteps
        self.scenario = scenario
        self.scheduler = scheduler
        let recorder = HistoryRecorder(clock: scheduler.clock)
        let store: any LockBackend = scenario.isRecorded ? RecordingBackend(backend, recorder: recorder) : backend
        processes = scenario.processes.enumerated().map { number, process in
            SimulatedProcess(
                process, seed: seed &* 31 &+ UInt64(number), isCalm: scenario.isCalm, backend: BackendView(store),
                scheduler: scheduler, recorder: recorder, story: story)
        }
        self.recorder = recorder
        self.backend = store
        time = Timekeeper(scheduler.clock)
    }

    func perform() async {
        await withTaskGroup(of: Void.self) { group in
            // Only cancellation ends it, and says nothing.
            group.addTask { try? await self.backend.run() }
            for process in processes { group.addTask { try? await process.line.run() } }
            group.addTask { await self.lead() }
            group.addTask { await self.cause() }
            // The backend, the lines and the incidents live as long as the run does.
            await self.ended.wait()
            group.cancelAll()
        }
    }

    private let ended = Bell()
    private let workDone = Bell()
    private let working = Mutex(0)

    /// Runs the processes to the end of their work, then to that of their claims, then stops them.
    private func lead() async {
        working.withLock { $0 = processes.count }
        await withTaskGroup(of: Void.self) { group in
            for process in processes {
                group.addTask(executorPreference: process.executor) {
                    await process.live {
                        if self.working.withLock({
                            $0 -= 1; return $0 == 0
                        }) {
                            self.workDone.ring()
                        }
                    }
                }
            }
            await workDone.wait(until: time.now + Simulation.patience, on: time)
            let late = working.withLock { $0 }
            if late > 0 {
                failure.withLock { $0 = Violation("I6", "\(late) processes still work after \(Simulation.patience)") }
            }
            for process in processes { process.line.setPlan(.none) }
            await settle()
            for process in processes { process.stop() }
        }
        ended.ring()
    }

    /// Lets all lives end, while the clients go on: what is left then is left for ever.
    private func settle() async {
        try? await time.sleep(until: time.now + Simulation.aftermath)
        var left: [String] = []
        do {
            left = try await backend.claims(withPrefix: "", limit: 1000).map { ClaimState($0).description }
        } catch {
            left = ["the listing failed: \(error)"]
        }
        recorder.record(.quiesced(claims: left, waiters: 0))
    }

    private func cause() async {
        await withDiscardingTaskGroup { group in
            for (number, step) in clockSteps.enumerated() {
                group.addTask {
                    guard (try? await self.time.sleep(until: .seconds(number + 1))) != nil else { return }
                    for process in self.processes { process.clock.step(by: step) }
                }
            }
            for (at, incident) in scenario.incidents {
                group.addTask {
                    guard (try? await self.time.sleep(until: at)) != nil else { return }
                    await self.cause(incident)
                }
            }
        }
    }

    private func cause(_ incident: SimulationScenario.Incident) async {
        switch incident {
        case .pause(let number, let length): scheduler.pause(processes[number].executor, for: length)
        case .cut(let number, let length):
            processes[number].line.setCut(true)
            try? await time.sleep(until: time.now + length)
            if !crashes.withLock({ $0.contains(number) }) { processes[number].line.setCut(false) }
        case .crash(let number):
            // One client must be left, to see what the others leave behind.
            guard crashes.withLock({ $0.count < processes.count - 1 && $0.insert(number).inserted }) else { return }
            processes[number].crash()
        case .ask(let key): for id in await holders(of: key) { _ = try? await backend.ask(id) }
        case .force(let key):
            for id in await holders(of: key).prefix(1) {
                recorder.record(.broken(id))
                _ = try? await backend.remove(id)
            }
        }
    }

    private func holders(of key: LockKey) async -> [Claim.ID] {
        let records = (try? await backend.claims(withPrefix: key.text, limit: 100)) ?? []
        return records.filter(\.isHeld).map(\.id)
    }
}

extension SimulationRun {
    func judge(_ history: History) -> [Violation] {
        var bounds = Simulation.bounds
        // Under faults a hand-off takes as long as they last; that all work ends is judged apart.
        if !scenario.isCalm { bounds.handOff = Simulation.patience }
        return Checkers.all(history, bounds: bounds) + (failure.withLock { $0 }.map { [$0] } ?? [])
    }

    func counts(_ history: History) -> SimulationResult.Counts {
        var counts = SimulationResult.Counts(runs: 1)
        for event in history.events {
            switch event.kind {
            case .ok: counts.grants += 1
            case .lost: counts.losses += 1
            case .info, .fail: counts.failures += 1
            default: continue
            }
        }
        counts.faults = processes.reduce(0) { $0 + $1.line.counts.faults }
        counts.incidents = scenario.incidents.count
        return counts
    }
}
