import CHoldfastProcess
import Glibc

/// The process that the shell started: parent of CMD and of the engine. One thread, which waits for the next event and
/// performs what its machine says. Never starts Swift concurrency: CMD's parent-death signal is tied to this thread.
struct Front {
    private let plan: RunPlan
    private let signals: SignalGuard
    private let timer: Int32
    private let engine: Channel
    private let starter: Channel
    private let deadline: SharedWords
    private let command: pid_t
    private let staysInJob: Bool
    private let capture: Capture?
    private var replaysOutput = false
    private var machine: FrontMachine
    private var descendants: Descendants
    private let enginePID: pid_t
    private var isEngineOpen = true
    private var isEngineRunning = true
    private var isCommandRunning = true

    /// Forks the engine and the stand-by.
    init(_ plan: RunPlan) throws(Failure) {
        self.plan = plan
        signals = try SignalGuard()
        timer = hf_timer()
        deadline = try SharedWords(count: 1)
        staysInJob = Self.hasTerminal
        capture = plan.once == nil ? nil : try Capture()
        machine = FrontMachine(plan: plan, tellsConflict: Terminal.hasReader)
        _ = hf_become_subreaper()
        descendants = try Descendants(shell: plan.departure?.shell)
        let front = getpid()
        let (engine, engineEnd) = try Channel.pair()
        let (starter, standByEnd) = try Channel.pair()
        let liveness = plan.store.liveness

        enginePID = try Self.fork()
        if enginePID == 0 {
            engine.close()
            starter.close()
            standByEnd.close()
            if let liveness { close(liveness.inheritedDescriptor) }
            capture?.closePipe()
            Engine(
                plan: plan, channel: engineEnd, deadline: deadline, staysInJob: staysInJob, capture: capture
            ).run()
        }
        descendants.exclude(enginePID)

        let command = try Self.fork()
        if command == 0 {
            engine.close()
            engineEnd.close()
            starter.close()
            if let liveness { close(liveness.engineDescriptor) }
            StandBy(
                plan: plan, front: front, channel: standByEnd, signals: signals, staysInJob: staysInJob,
                capture: plan.once?.keepsOutput == true ? capture : nil
            ).run()
        }
        if let capture {
            // One of CMD's own, as far as the front is concerned.
            if plan.once?.keepsOutput == true, try Self.fork() == 0 { capture.copy() }
            capture.closePipe()
        }
        // Both sides set it, so that neither has to wait for the other.
        if !staysInJob { setpgid(command, command) }
        engineEnd.close()
        standByEnd.close()
        if let liveness {
            close(liveness.engineDescriptor)
            // A dead CMD beside a living front is a dead CMD. But what CMD may not inherit, the front keeps for it.
            if !plan.endsWithCommand { close(liveness.inheritedDescriptor) }
        }
        if plan.departure != nil { descendants.exclude(command) }
        self.command = command
        self.engine = engine
        self.starter = starter
        engine.send("\(command)")
    }

    /// Whether this command belongs to a terminal. CMD then stays in the shell's job: Ctrl-C, Ctrl-Z, fg, bg and pagers
    /// work as without `holdfast`, also for a job that began in the background.
    private static var hasTerminal: Bool {
        let terminal = open("/dev/tty", O_RDONLY | O_NOCTTY | O_CLOEXEC)
        guard terminal >= 0 else { return false }
        close(terminal)
        return true
    }

    private static func fork() throws(Failure) -> pid_t {
        let child = hf_fork()
        guard child >= 0 else {
            throw Failure(.internalError, "cannot fork: \(String(cString: strerror(errno)))")
        }
        return child
    }
}

// MARK: - The loop

extension Front {
    mutating func run() -> Never {
        while true {
            // Every waiting message before the clock: after a pause the news is older than the hour.
            readMessages()
            // A signal is for the program that runs: is it still there? Its end may have come with the signal.
            settle()
            readSignals()
            settle()
            perform(machine.tick(now: BootTime.now, deadline: deadline[0]))
            sleep()
        }
    }

    private mutating func readMessages() {
        while isEngineOpen {
            switch engine.receive(waits: false) {
            case .nothing: return
            case .message(let text):
                let message = EngineMessage(text: text)
                perform(machine.received(message, now: BootTime.now, deadline: deadline[0]))
            case .closed:
                isEngineOpen = false
                perform(machine.engineGone(now: BootTime.now, deadline: deadline[0]))
            }
        }
    }

    private mutating func readSignals() {
        var isFromProcess: Int32 = 0
        while case let signal = hf_next_signal(signals.descriptor, &isFromProcess), signal != 0 {
            guard signal != SIGCHLD else { continue }
            let reachesCommand = staysInJob && isFromProcess == 0
            perform(machine.signalled(signal, reachesCommandByItself: reachesCommand, now: BootTime.now))
        }
    }

    /// Takes in who has ended.
    private mutating func settle() {
        reap()
        if !isCommandRunning, machine.watchesDescendants, !machine.waitsForDescendants || descendants.isEmpty {
            perform(machine.descendantsEnded(now: BootTime.now))
        }
    }

    private mutating func reap() {
        var status: Int32 = 0
        while case let process = hf_reap(&status), process != 0 {
            descendants.reaped(process)
            if process == enginePID { isEngineRunning = false }
            guard process == command else { continue }
            isCommandRunning = false
            perform(machine.commandEnded(ExitStatus(code: status), now: BootTime.now))
        }
    }

    private func sleep() {
        if let at = machine.nextTick(deadline: deadline[0]) { _ = hf_timer_set(timer, at) }
        var events = [signals.descriptor, timer].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        if isEngineOpen { events.append(pollfd(fd: engine.descriptor, events: Int16(POLLIN), revents: 0)) }
        poll(&events, nfds_t(events.count), -1)
        var expirations: UInt64 = 0
        read(timer, &expirations, MemoryLayout<UInt64>.size)
    }
}

// MARK: - Effects

extension Front {
    /// How long the front waits for its own processes at the end, so as not to leave zombies to a lazy PID 1.
    private static let farewellLimit: Int64 = 300_000_000

    private mutating func perform(_ actions: [FrontMachine.Action]) {
        for action in actions {
            switch action {
            case .start(let environment):
                starter.send(environment)
                plan.departure?.report(.success)
            case .forward(let signal): forward(signal)
            case .signal(let signal): descendants.signal(signal)
            case .terminate: descendants.signal(SIGTERM, SIGCONT)
            case .kill: descendants.signal(SIGKILL)
            case .endClaim: engine.send("end")
            case .record(let status): capture?.status = status
            case .replay: replaysOutput = true
            case .say(let text): Terminal.sayWithoutWaiting(text)
            case .exit(let status): leave(status)
            }
        }
    }

    private mutating func leave(_ status: ExitStatus) -> Never {
        // A stand-by that was never needed ends at the end of its channel; the engine has said its last word.
        starter.close()
        plan.departure?.report(status)
        let limit = BootTime.now + Self.farewellLimit
        while true {
            reap()
            guard isEngineRunning || isCommandRunning, BootTime.now < limit else {
                if replaysOutput { replay() }
                printed(status).exit()
            }
            _ = hf_timer_set(timer, limit)
            var events = [signals.descriptor, timer].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
            poll(&events, nfds_t(events.count), -1)
            var isFromProcess: Int32 = 0
            while hf_next_signal(signals.descriptor, &isFromProcess) != 0 {}
        }
    }

    /// Nothing is guarded any more: whoever does not want to wait for the reader may end this process.
    private func replay() {
        signals.restore()
        capture?.replay()
    }

    /// What is lost on its way out is no success, though the command's is, and stays recorded.
    private func printed(_ status: ExitStatus) -> ExitStatus {
        guard status == .success, let error = capture?.printingError else { return status }
        Terminal.sayWithoutWaiting(
            "the command succeeded, and what it printed could not be written: \(error); "
                + "the same call prints what was kept of it")
        return .unprinted
    }

    private func forward(_ signal: Int32) {
        // A reaped CMD's number may be anybody's by now.
        guard isCommandRunning else { return descendants.signal(signal) }
        kill(plan.departure?.shell ?? (staysInJob ? command : -command), signal)
    }
}
