import CHoldfastProcess
import Glibc

/// The process that becomes CMD once the lock is held. It exists before the claim is placed, so that its pid can be
/// shown with the claim, and dies with the front.
struct StandBy {
    let plan: RunPlan
    let front: pid_t
    let channel: Channel
    let signals: SignalGuard
    let staysInJob: Bool
    let capture: Capture?

    func run() -> Never {
        guard hf_die_with_parent(front, SIGKILL) == 0 else { ExitStatus.success.exit() }
        if !staysInJob { setpgid(0, 0) }
        // The end of the channel: never granted.
        guard case .message(let environment) = channel.receive(waits: true) else { ExitStatus.success.exit() }
        switch plan.work {
        case .command(let words): become(words, environment)
        case .descriptor:
            Terminal.leave()
            plan.departure?.waitForClose()
            ExitStatus.success.exit()
        }
    }

    private func become(_ words: [[UInt8]], _ environment: String) -> Never {
        for line in environment.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { setenv(String(parts[0]), String(parts[1]), 1) }
        }
        // All of our descriptors are closed on exec, but for the one that says that CMD lives.
        if let liveness = plan.store.liveness?.inheritedDescriptor, !plan.endsWithCommand {
            _ = fcntl(liveness, F_SETFD, 0)
        }
        if let capture { dup2(capture.input, STDOUT_FILENO) }
        signals.restore()
        // Never freed: the process is another one a moment later.
        let arguments = words.map { strdup($0.map(CChar.init(bitPattern:)) + [0]) } + [nil]
        if let file = arguments[0] { execvp(file, arguments) }
        refuse(words[0], errno)
    }

    private func refuse(_ program: [UInt8], _ error: Int32) -> Never {
        let program = String(decoding: program, as: UTF8.self)
        Terminal.say("cannot run \"\(program)\": \(String(cString: strerror(error)))")
        (error == ENOENT ? ExitStatus.commandNotFound : .cannotExecute).exit()
    }
}
