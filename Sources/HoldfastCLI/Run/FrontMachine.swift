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
        /// TERM and CONT for everything that descends from CMD.
        case terminate
        /// KILL for everything that descends from CMD.
        case kill
        /// Has the engine give up or release the claim.
        case endClaim
        case say(String)
        case exit(ExitStatus)
    }

    enum Phase: Equatable {
        /// For the lock.
        case waiting
        /// CMD runs, or a descendant of it.
        case running
        /// The lock is lost: TERM was sent.
        case stopping(killAt: Int64)
        /// KILL was sent, and is sent again for what was forked meanwhile.
        case killing(again: Int64)
        /// CMD never started or has ended, with all its descendants.
        case releasing(until: Int64)
        case over
    }

    /// How long the engine may take to have the claim removed.
    static let releaseLimit: Int64 = 10_000_000_000
    static let killInterval: Int64 = 20_000_000

    private(set) var phase: Phase = .waiting
    private var status: ExitStatus = .success
    private var isEngineGone = false
    private let name: String
    private let conflictStatus: ExitStatus
    private let killAfter: Int64
    /// Contention is no error: a job that a clock starts each minute should not write about it.
    private let tellsConflict: Bool

    init(name: String, conflictStatus: ExitStatus, killAfter: Duration, tellsConflict: Bool = false) {
        self.name = name
        self.conflictStatus = conflictStatus
        self.killAfter = killAfter.nanoseconds
        self.tellsConflict = tellsConflict
    }

    /// Whether descendants of CMD that still run matter now.
    var watchesDescendants: Bool {
        switch phase {
        case .running, .stopping, .killing: true
        default: false
        }
    }

    /// When the next tick is due, with the deadline as it stands.
    func nextTick(deadline: Int64) -> Int64? {
        switch phase {
        case .waiting, .over: nil
        case .running: deadline == 0 ? nil : deadline - killAfter
        case .stopping(let killAt): killAt
        case .killing(let again): again
        case .releasing(let until): until
        }
    }
}

// MARK: - What the engine says

extension FrontMachine {
    mutating func received(_ message: EngineMessage, now: Int64, deadline: Int64) -> [Action] {
        switch (phase, message) {
        case (.waiting, .granted(let environment)):
            phase = .running
            return [.start(environment: environment)]
        case (.waiting, .notHad):
            return finish(conflictStatus, saying: tellsConflict ? "\"\(name)\" is not free" : nil)
        case (.waiting, .failed(let status, let text)): return finish(status, saying: text)
        case (.waiting, .released), (.waiting, .lost):
            return finish(.internalError, saying: "the claim ended before it was held")
        case (.running, .lost(let reason)): return lose(reason, now: now, deadline: deadline)
        case (.running, .failed(_, let text)): return lose(text, now: now, deadline: deadline)
        case (.running, .released), (.running, .notHad): return lose("the claim ended", now: now, deadline: deadline)
        case (.releasing, .failed(_, let text)):
            return finish(status, saying: "the release is not confirmed: \(text)")
        case (.releasing, .released), (.releasing, .notHad): return finish(status)
        // A grant after giving up goes with the claim; what is lost stays lost.
        default: return []
        }
    }

    mutating func engineGone(now: Int64, deadline: Int64) -> [Action] {
        isEngineGone = true
        switch phase {
        case .waiting: return finish(.internalError, saying: "the process that waits for the lock was killed")
        case .running: return lose("the process that renews it was killed", now: now, deadline: deadline)
        case .releasing: return finish(status, saying: "the release is not confirmed: its process was killed")
        case .stopping, .killing, .over: return []
        }
    }

    private mutating func lose(_ reason: String, now: Int64, deadline: Int64) -> [Action] {
        status = .lost
        phase = .stopping(killAt: min(now + killAfter, max(now, deadline)))
        return [.say("the lock on \"\(name)\" is lost (\(reason)): stopping the command"), .terminate]
    }

    private mutating func finish(_ status: ExitStatus, saying text: String? = nil) -> [Action] {
        phase = .over
        return (text.map { [.say($0)] } ?? []) + [.exit(status)]
    }
}

// MARK: - What the system says

extension FrontMachine {
    mutating func signalled(_ signal: Int32, reachesCommandByItself: Bool, now: Int64) -> [Action] {
        switch phase {
        case .waiting:
            status = .signalled(signal)
            return endClaim(now: now)
        case .running, .stopping, .killing: return reachesCommandByItself ? [] : [.forward(signal)]
        // A second signal, for a release that hangs: the claim expires by itself.
        case .releasing: return finish(status, saying: "did not wait for the confirmation of the release")
        case .over: return []
        }
    }

    /// CMD itself has ended; what it left behind may still run.
    mutating func commandEnded(_ status: ExitStatus, now: Int64) -> [Action] {
        switch phase {
        case .running:
            self.status = status
            return []
        case .waiting:
            self.status = status
            return endClaim(now: now)
        default: return []
        }
    }

    /// CMD has ended, and nothing that descends from it runs any more.
    mutating func descendantsEnded(now: Int64) -> [Action] {
        guard watchesDescendants else { return [] }
        return isEngineGone ? finish(status) : endClaim(now: now)
    }

    mutating func tick(now: Int64, deadline: Int64) -> [Action] {
        guard let due = nextTick(deadline: deadline), now >= due else { return [] }
        switch phase {
        case .running: return lose("it could not be renewed", now: now, deadline: deadline)
        case .stopping, .killing:
            phase = .killing(again: now + Self.killInterval)
            return [.kill]
        case .releasing: return finish(status, saying: "the release is not confirmed; the claim expires by itself")
        case .waiting, .over: return []
        }
    }

    private mutating func endClaim(now: Int64) -> [Action] {
        phase = .releasing(until: now + Self.releaseLimit)
        return [.endClaim]
    }
}
