/// Leads one claim through its whole life: every decision, and no effect.
///
/// `now` and all times are since the client's start. A runner performs what the machine says, and tells it what came
/// of it. Three rules are kept here, once for all backends: only the sending time of an acknowledged request moves the
/// deadline; an unknown outcome moves nothing; what is lost stays lost.
package struct ClaimMachine: Sendable {
    package enum Phase: Sendable, Equatable {
        /// A place was sent, or will be again.
        case placing
        case waiting
        case held
        case lost(LeaseLoss)
        /// Released or given up; what remains is to remove the claim.
        case ended
    }

    /// What a tick asks the runner to do.
    package struct Tick: Sendable, Equatable {
        package enum Event: Sendable, Equatable {
            /// No renewal was acknowledged for two thirds of the time to live.
            case atRisk
            case lost(LeaseLoss)
            /// The caller's patience ended. The claim is to be removed.
            case timedOut
            /// The waiting claim can no longer be relied on. It is to be removed, and placed anew.
            case expiredWaiting
            /// The waiting claim was asked for. It is to be removed, and placed anew behind the others.
            case steppedBack
        }
        package var renews = false
        package var event: Event?

        package init(event: Event? = nil) { self.event = event }
    }

    package enum GrantAnswer: Sendable, Equatable {
        case held
        /// Granted with too little left to be of use, or after the caller gave up. The claim is to be removed.
        case tooLate
    }

    package enum RetryAnswer: Sendable, Equatable {
        /// The same claim may be placed again.
        case again
        /// Too old: remove it, and place a new claim.
        case anew
    }

    /// Later than anything: smaller than an optional, of which a client keeps hundreds of thousands.
    private static let never: Duration = .seconds(1 << 60)

    package private(set) var phase: Phase = .placing
    package private(set) var timing: LeaseTiming
    /// Until when the owner may rely on the claim.
    package private(set) var deadline: Duration = .zero
    /// `never` before the grant.
    private var grantedAt = Self.never
    private let maxHold: Duration
    private let waitUntil: Duration
    private let stepsBack: Bool
    private var firstSentAt = Self.never
    private var acknowledgedAt: Duration = .zero
    private var renewAt: Duration = .zero
    private var isRenewing = false
    private var isHurried = false
    private var isAtRisk = false

    /// - Parameter stepsBack: a waiting claim that is asked for gives up its place, and takes another.
    package init(
        timing: LeaseTiming, maxHold: Duration? = nil, waitUntil: Duration? = nil, stepsBack: Bool = false
    ) {
        self.timing = timing
        self.stepsBack = stepsBack
        self.maxHold = maxHold ?? Self.never
        self.waitUntil = waitUntil ?? Self.never
    }

    package var isHeld: Bool { phase == .held }

    /// When the next tick is due; `nil` where only a call can change anything.
    package var nextTick: Duration? {
        switch phase {
        case .placing, .lost, .ended: return nil
        case .waiting:
            return min(deadline, isRenewing ? Self.never : renewAt, waitUntil)
        case .held:
            let riskAt = isAtRisk ? Self.never : acknowledgedAt + timing.riskInterval
            return min(deadline, isRenewing ? Self.never : renewAt, holdUntil, riskAt)
        }
    }

    private var holdUntil: Duration { maxHold < Self.never ? grantedAt + maxHold : Self.never }

    /// How long the claim has been held.
    package func held(now: Duration) -> Duration { grantedAt < Self.never ? now - grantedAt : .zero }
}

// MARK: - Placing and waiting

extension ClaimMachine {
    package mutating func placeSent(at now: Duration) {
        firstSentAt = min(firstSentAt, now)
    }

    /// The place was acknowledged, held or waiting.
    ///
    /// The life counts from the *first* sending: an earlier one whose answer was lost may be the one that was executed.
    package mutating func placeAcknowledged(age: Duration = .zero) {
        guard phase == .placing else { return }
        phase = .waiting
        acknowledge(sentAt: firstSentAt, age: age)
    }

    /// The place's outcome is unknown, and the caller goes on trying.
    package func placeUnknown(now: Duration) -> RetryAnswer {
        now < firstSentAt + timing.guaranteed / 2 ? .again : .anew
    }

    /// The backend says that the claim is held. Never moves the deadline.
    package mutating func granted(now: Duration) -> GrantAnswer {
        guard phase == .waiting else { return phase == .held ? .held : .tooLate }
        guard now <= deadline - timing.usefulMinimum else {
            phase = .ended
            return .tooLate
        }
        phase = .held
        grantedAt = now
        return .held
    }
}

// MARK: - Time

extension ClaimMachine {
    package mutating func tick(now: Duration) -> Tick {
        var tick = Tick()
        switch phase {
        case .placing, .lost, .ended: return tick
        case .waiting:
            if now >= deadline {
                phase = .ended
                tick.event = .expiredWaiting
                return tick
            }
            if now >= waitUntil {
                phase = .ended
                tick.event = .timedOut
                return tick
            }
        case .held:
            if now >= deadline { return lose(.expired) }
            if now >= holdUntil { return lose(.maxHold) }
            if !isAtRisk, now >= acknowledgedAt + timing.riskInterval {
                isAtRisk = true
                tick.event = .atRisk
            }
        }
        if !isRenewing, now >= renewAt {
            isRenewing = true
            tick.renews = true
        }
        return tick
    }

    private mutating func lose(_ reason: LeaseLoss) -> Tick {
        phase = .lost(reason)
        return Tick(event: .lost(reason))
    }
}

// MARK: - Renewal

extension ClaimMachine {
    /// Asks for a renewal at once, and for another where one is under way: it may have been answered before the reason.
    package mutating func hurry(now: Duration) {
        isHurried = isRenewing
        renewAt = min(renewAt, now)
    }

    /// - Parameters:
    ///   - age: how much of the new life was over at `sentAt`.
    ///   - now: an answer that comes after the deadline comes too late: what is lost by the clock stays lost.
    package mutating func renewed(
        sentAt: Duration, age: Duration = .zero, for timeToLive: Duration, now: Duration
    ) -> Tick.Event? {
        isRenewing = false
        switch phase {
        case .placing, .lost, .ended: return nil
        case .waiting where now >= deadline, .held where now >= deadline: return tick(now: now).event
        case .waiting, .held: break
        }
        // A life that was chosen anew meanwhile is not what was acknowledged: ask again at once.
        guard timeToLive == timing.timeToLive else {
            renewAt = sentAt
            return nil
        }
        acknowledge(sentAt: sentAt, age: age)
        if isHurried { renewAt = sentAt }
        isHurried = false
        return nil
    }

    package mutating func renewalUnknown(now: Duration) {
        isRenewing = false
        renewAt = now + timing.retryInterval
    }

    /// The backend no longer has the claim.
    ///
    /// - Returns: the loss where the claim was held, or the need to place anew where it waited.
    package mutating func gone() -> Tick.Event? {
        isRenewing = false
        switch phase {
        case .held: return lose(.removed).event
        case .waiting:
            phase = .ended
            return .expiredWaiting
        default: return nil
        }
    }

    /// An operator asks the owner to let go. The claim stays until its body has ended, or it expires.
    package mutating func asked() -> Tick.Event? {
        switch phase {
        case .held: return lose(.asked).event
        case .waiting where stepsBack:
            phase = .ended
            return .steppedBack
        default: return nil
        }
    }

    /// The owner chooses another life. A shorter one lowers the deadline before anything is sent.
    package mutating func choose(_ timing: LeaseTiming, now: Duration) {
        self.timing = timing
        deadline = min(deadline, now + timing.guaranteed)
        renewAt = min(renewAt, now)
    }

    private mutating func acknowledge(sentAt: Duration, age: Duration) {
        let bornAt = sentAt - max(.zero, age)
        // However old a session's life is from the start, asking again at once would not make it younger.
        renewAt = max(bornAt + timing.renewalInterval, sentAt + timing.retryInterval)
        guard bornAt >= acknowledgedAt || deadline == .zero else { return }
        acknowledgedAt = bornAt
        deadline = max(deadline, bornAt + timing.guaranteed)
        isAtRisk = false
    }
}

// MARK: - The end

extension ClaimMachine {
    /// The client stops: whatever is held is lost.
    package mutating func clientStopped() -> Tick.Event? {
        guard phase == .held else { return nil }
        return lose(.clientStopped).event
    }

    /// The owner lets go or gives up.
    ///
    /// - Returns: whether the claim was held until now, by the owner's own clock.
    package mutating func end(now: Duration) -> Bool {
        let wasHeld = phase == .held && now < deadline
        if case .lost = phase { return false }
        if phase == .held, !wasHeld {
            phase = .lost(.expired)
            return false
        }
        phase = .ended
        return wasHeld
    }
}
