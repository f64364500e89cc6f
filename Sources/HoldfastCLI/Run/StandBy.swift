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

    func run() -> Never {
        guard hf_die_with_parent(front, SIGKILL) == 0 else { ExitStatus.success.exit() }
        if !staysInJob { setpgid(0, 0) }
        // The end of the channel: never granted.
        guard case .message(let environment) = channel.receive(waits: true) else { ExitStatus.success.exit() }
        for line in environment.split(separator: "\n") {
            let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { setenv(String(parts[0]), String(parts[1]), 1) }
        }
        // All of our descriptors are closed on exec, but for the one that says that CMD lives.
        if let liveness = plan.store.liveness?.inheritedDescriptor { _ = fcntl(liveness, F_SETFD, 0) }
        signals.restore()
        let arguments = CommandLine.unsafeArgv + plan.commandIndex
        if let file = arguments.pointee { execvp(file, arguments) }
        refuse(errno)
    }

    private func refuse(_ error: Int32) -> Never {
        let command = String(decoding: Arguments.bytes(at: plan.commandIndex), as: UTF8.self)
        Terminal.say("cannot run \"\(command)\": \(String(cString: strerror(error)))")
        (error == ENOENT ? ExitStatus.commandNotFound : .cannotExecute).exit()
    }
}
