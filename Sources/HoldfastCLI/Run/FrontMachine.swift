import Holdfast

/// Leads one `holdfast run` from the claim to the exit status: every decision, and no effect.
///
/// Times are nanoseconds since boot. The front performs what the machine says, and tells it what came of it.
struct FrontMachine {
    enum Action: Equatable {
        /// Lets the stand-by become CMD.
        case start(environment: String)
        /// Sends a signal to CMD's process group.
        case forward(Int32)
        /// Sends a signal to everything that descends from CMD.
        case signal(Int32)
        /// TERM and CONT for everything that descends from CMD.
        case terminate
        /// KILL for everything that descends from CMD.
        case kill
        /// Has the engine give up or release the claim.
        case endClaim
        /// Tells the engine how CMD ended, to be recorded before the claim ends.
        case record(ExitStatus)
        /// Prints at the end what an earlier run printed.
        case replay
        case say(String)
        case exit(ExitStatus)
    }

    enum Phase: Equatable {
        /// For the lock.
        case waiting
        /// CMD runs, or a descendant of it.
        case running
        /// The lock is lost, and CMD may go on.
        case unguarded
        /// The lock is lost: TERM was sent.
        case stopping(killAt: Int64)
        /// KILL was sent, and is sent again for what was forked meanwhile.
        case killing(again: Int64)
        /// CMD has ended, with all its descendants; the lock is kept for the shortest time that was asked for.
        case lingering(until: Int64)
        /// CMD never started or has ended, with all its descendants.
        case releasing(until: Int64)
        case over
    }

    /// How long the engine may take to have the claim removed.
    static let releaseLimit: Int64 = 10_000_000_000
    /// How long it may take to record how CMD ended, before that.
    static let recordLimit: Int64 = 20_000_000_000
    static let killInterval: Int64 = 20_000_000

    private(set) var phase: Phase = .waiting
    private var status: ExitStatus = .success
    private var isEngineGone = false
    private var grantedAt: Int64 = 0
    private let name: String
    private let conflictStatus: ExitStatus
    private let killAfter: Int64
    private let killMargin: Int64
    private let minHold: Int64
    private let onLost: OnLost
    private let endsWithCommand: Bool
    private let isQuiet: Bool
    private let tellsConflict: Bool
    private let once: OncePlan?
    /// Whether CMD ended well, and the engine has not said that this is recorded.
    private var awaitsRecord = false

    /// - Parameters:
    ///   - killMargin: how long before the deadline KILL is sent: a busy machine runs the front late, and what is
    ///     killed takes its time to be gone.
    ///   - tellsConflict: contention is no error: a job that a clock starts each minute should not write of it.
    init(
        name: String, conflictStatus: ExitStatus, killAfter: Duration, killMargin: Duration = .zero,
        minHold: Duration? = nil, onLost: OnLost = .kill, endsWithCommand: Bool = false, isQuiet: Bool = false,
        tellsConflict: Bool = false, once: OncePlan? = nil
    ) {
        self.name = name
        self.conflictStatus = conflictStatus
        self.killAfter = max(killAfter, killMargin).nanoseconds
        self.killMargin = killMargin.nanoseconds
        self.minHold = (minHold ?? .zero).nanoseconds
        self.onLost = onLost
        self.endsWithCommand = endsWithCommand
        self.isQuiet = isQuiet
        self.tellsConflict = tellsConflict
        self.once = once
    }

    init(plan: RunPlan, tellsConflict: Bool) {
        self.init(
            name: plan.claim.name, conflictStatus: plan.claim.conflictStatus, killAfter: plan.killAfter,
            killMargin: plan.killMargin, minHold: plan.minHold, onLost: plan.onLost,
            endsWithCommand: plan.endsWithCommand,
            isQuiet: plan.voice == .quiet, tellsConflict: tellsConflict || plan.voice == .verbose,
            once: plan.once)
    }

    /// Whether the end of CMD matters now.
    var watchesDescendants: Bool {
        switch phase {
        case .running, .unguarded, .stopping, .killing: true
        default: false
        }
    }

    /// Whether what CMD left behind matters too.
    var waitsForDescendants: Bool {
        switch phase {
        case .running: !endsWithCommand
        // The claim is not there any more, or soon will not be: nothing is kept by waiting.
        case .unguarded: false
        default: true
        }
    }

    /// When the next tick is due, with the deadline as it stands.
    func nextTick(deadline: Int64) -> Int64? {
        switch phase {
        case .waiting, .unguarded, .over: nil
        case .running: deadline == 0 ? nil : deadline - killAfter
        case .stopping(let killAt): killAt
        case .killing(let again): again
        case .lingering(let until), .releasing(let until): until
        }
    }
}

// MARK: - What the engine says

extension FrontMachine {
    mutating func received(_ message: EngineMessage, now: Int64, deadline: Int64) -> [Action] {
        switch (phase, message) {
        case (.waiting, .note(let text)), (_, .warning(let text)): return say(text)
        case (.waiting, .recorded(let status)): return [.replay] + finish(status)
        case (.releasing, .recorded): return finish(status)
        case (.releasing, .unrecorded(let text)): return [.say(text)] + finish(.storeUnusable)
        case (.waiting, .granted) where now >= deadline:
            // A front that was stopped meanwhile: the grant is over, and may be another's by now.
            status = .lost
            return endClaim(now: now) + say("the lock on \"\(name)\" came and was lost before the command could start")
        case (.waiting, .granted(let environment)):
            phase = .running
            grantedAt = now
            return [.start(environment: environment)]
        case (.waiting, .notHad):
            return (tellsConflict ? say("\"\(name)\" is not free") : []) + finish(conflictStatus)
        case (.waiting, .failed(let status, let text)): return [.say(text)] + finish(status)
        case (.waiting, .released), (.waiting, .lost):
            return [.say("the claim ended before it was held")] + finish(.internalError)
        case (.running, .lost(let reason)): return lose(reason, now: now, deadline: deadline)
        case (.running, .failed(_, let text)): return lose(text, now: now, deadline: deadline)
        case (.running, .released), (.running, .notHad): return lose("the claim ended", now: now, deadline: deadline)
        case (.lingering, .lost(let reason)), (.lingering, .failed(_, let reason)):
            return say("the lock on \"\(name)\" is lost before --min-hold was over (\(reason))") + endClaim(now: now)
        case (.lingering, .released), (.lingering, .notHad): return finish(status)
        case (.releasing, .failed(_, let text)): return endWithoutWord("the release is not confirmed: \(text)")
        case (.releasing, .released), (.releasing, .notHad): return finish(status)
        // A grant after giving up goes with the claim; what is lost stays lost.
        default: return []
        }
    }

    mutating func engineGone(now: Int64, deadline: Int64) -> [Action] {
        isEngineGone = true
        switch phase {
        case .waiting: return [.say("the process that waits for the lock was killed")] + finish(.internalError)
        case .running: return lose("the process that renews it was killed", now: now, deadline: deadline)
        case .lingering:
            return say("the lock on \"\(name)\" is lost before --min-hold was over: its process was killed")
                + finish(status)
        case .releasing: return endWithoutWord("the release is not confirmed: its process was killed")
        case .unguarded, .stopping, .killing, .over: return []
        }
    }

    private mutating func lose(_ reason: String, now: Int64, deadline: Int64) -> [Action] {
        let lost = "the lock on \"\(name)\" is lost (\(reason)): "
        switch onLost {
        case .ignore:
            phase = .unguarded
            return say(lost + "the command goes on without it")
        case .signal(let signal):
            phase = .unguarded
            return [.signal(signal)] + say(lost + "the command was sent signal \(signal)")
        case .kill:
            status = .lost
            guard now < deadline - killMargin else {
                // After a pause of everything: no time for courtesy.
                phase = .killing(again: now + Self.killInterval)
                return [.kill] + say(lost + "killing the command")
            }
            phase = .stopping(killAt: min(now + killAfter, deadline - killMargin))
            return [.terminate] + say(lost + "stopping the command")
        }
    }

    /// The engine has not said its last word, and nobody waits for it any more.
    private mutating func endWithoutWord(_ text: String) -> [Action] {
        guard awaitsRecord else { return say(text) + finish(status) }
        return [.say("\"\(name)\" ran, but that is not known to be recorded: it may run again (\(text))")]
            + finish(.storeUnusable)
    }

    private mutating func finish(_ status: ExitStatus) -> [Action] {
        phase = .over
        return [.exit(status)]
    }

    private func say(_ text: String) -> [Action] { isQuiet ? [] : [.say(text)] }
}

// MARK: - What the system says

extension FrontMachine {
    mutating func signalled(_ signal: Int32, reachesCommandByItself: Bool, now: Int64) -> [Action] {
        switch phase {
        case .waiting:
            status = .signalled(signal)
            return endClaim(now: now)
        case .running, .unguarded, .stopping, .killing: return reachesCommandByItself ? [] : [.forward(signal)]
        case .lingering:
            return say("the lock on \"\(name)\" ends before --min-hold is over") + endClaim(now: now)
        // A second signal, for a release that hangs: the claim expires by itself.
        case .releasing: return endWithoutWord("did not wait for the confirmation of the release")
        case .over: return []
        }
    }

    /// CMD itself has ended; what it left behind may still run.
    mutating func commandEnded(_ status: ExitStatus, now: Int64) -> [Action] {
        switch phase {
        case .running, .unguarded:
            self.status = status
            return []
        case .waiting:
            self.status = status
            return endClaim(now: now)
        default: return []
        }
    }

    /// CMD has ended, and nothing that descends from it and matters runs any more.
    mutating func descendantsEnded(now: Int64) -> [Action] {
        guard watchesDescendants else { return [] }
        if isEngineGone { return finish(status) }
        if phase == .running, let once, once.records(status) {
            phase = .releasing(until: now + Self.recordLimit + Self.releaseLimit)
            awaitsRecord = true
            return [.record(status), .endClaim]
        }
        guard phase == .running, now < grantedAt + minHold else { return endClaim(now: now) }
        phase = .lingering(until: grantedAt + minHold)
        return []
    }

    mutating func tick(now: Int64, deadline: Int64) -> [Action] {
        guard let due = nextTick(deadline: deadline), now >= due else { return [] }
        switch phase {
        case .running: return lose("it could not be renewed", now: now, deadline: deadline)
        case .stopping, .killing:
            phase = .killing(again: now + Self.killInterval)
            return [.kill]
        case .lingering: return endClaim(now: now)
        case .releasing: return endWithoutWord("the release is not confirmed; the claim expires by itself")
        case .waiting, .unguarded, .over: return []
        }
    }

    private mutating func endClaim(now: Int64) -> [Action] {
        phase = .releasing(until: now + Self.releaseLimit)
        return [.endClaim]
    }
}
