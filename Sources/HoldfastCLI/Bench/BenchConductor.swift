import CHoldfastProcess
import Glibc
import Holdfast

/// The process that the shell started: forks those that work, starts them at one moment, and sums up.
///
/// It has one thread and no client, so that neither forks nor the progress line disturb what is measured.
struct BenchConductor {
    private static let lookMicroseconds: UInt32 = 20_000
    private static let progressInterval: Int64 = 250_000_000
    /// From the last process's readiness to the start.
    private static let startDelay: Int64 = 5_000_000

    let plan: BenchPlan
    let board: Scoreboard

    init(_ plan: BenchPlan) throws(Failure) {
        self.plan = plan
        board = try Scoreboard(workers: plan.workers)
    }

    /// - Returns: how long it took, from the common start to the end of the last worker.
    func run() throws(Failure) -> Duration {
        let parent = getpid()
        var running: Set<pid_t> = []
        for number in 0..<plan.processes {
            let child = hf_fork()
            guard child >= 0 else {
                throw Failure(.internalError, "cannot fork: \(String(cString: strerror(errno)))")
            }
            if child == 0 {
                guard hf_die_with_parent(parent, SIGKILL) == 0 else { ExitStatus.internalError.exit() }
                BenchProcess(number: number, plan: plan, board: board).run()
            }
            running.insert(child)
        }
        var failed: ExitStatus?
        var nextProgress: Int64 = 0
        while !running.isEmpty {
            var status: Int32 = 0
            while case let child = hf_reap(&status), child != 0 {
                running.remove(child)
                if status != 0 { failed = failed ?? ExitStatus(code: status) }
            }
            if failed != nil { for child in running { kill(child, SIGTERM) } }
            let now = BootTime.now
            if board.start == 0, board.readyCount == plan.processes { board.start = now + Self.startDelay }
            if now >= nextProgress {
                showProgress(now)
                nextProgress = now + Self.progressInterval
            }
            if !running.isEmpty { usleep(board.start == 0 ? 1_000 : Self.lookMicroseconds) }
        }
        if Terminal.hasReader { Terminal.progress("") }
        // The process has said why.
        if let failed { failed.exit() }
        return .nanoseconds(board.end - board.start)
    }

    private func showProgress(_ now: Int64) {
        guard Terminal.hasReader, board.start > 0, now > board.start else { return }
        let elapsed = Double(now - board.start) / 1e9
        let rate = Int(Double(board.progress) / elapsed)
        let seconds = DurationText.brief(.nanoseconds(now - board.start))
        Terminal.progress("\(plan.kind.rawValue): \(seconds) of \(DurationText.brief(plan.seconds)), \(rate)/s")
    }
}
