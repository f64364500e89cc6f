import Holdfast
import Synchronization

extension FaultyBackend {
    /// Sends one request through the bad network.
    func call<R: Sendable>(
        _ verb: FaultPlan.Verb, _ execute: @escaping @Sendable () async throws(LockError) -> R
    ) async throws(LockError) -> R {
        let fate = fate(of: verb)
        do throws(LockError) {
            try await arrive(fate, verb)
        } catch {
            // The caller gave up while its request was under way: it may still arrive.
            if error.code == .cancelled || (fate.dropsRequest && verb.isConditional) {
                repeatLater(fate.repeatsAfter, execute)
            }
            throw error
        }
        var result = await Self.outcome(execute)
        if fate.repeats {
            let second = await Self.outcome(execute)
            // What a conditional verb meets the second time is what it did itself: only the first answer is true.
            if !verb.isConditional { result = second }
        }
        repeatLater(fate.repeatsAfter, execute)
        try await answer(fate, verb)
        return try result.get()
    }

    /// Draws what happens to one call.
    func fate(of verb: FaultPlan.Verb) -> Fate {
        state.withLock { state in
            let rates = state.plan.rates(for: verb)
            state.counts.calls += 1
            var fate = Fate(
                requestDelay: state.delay(rates), replyDelay: state.delay(rates), patience: state.plan.patience)
            if state.isCut || state.generator.happens(rates.requestsDropped) {
                fate.dropsRequest = true
                state.counts.requestsDropped += 1
            } else if state.generator.happens(rates.repliesDropped) {
                fate.dropsReply = true
                state.counts.repliesDropped += 1
            }
            if state.generator.happens(rates.duplicates) {
                fate.repeats = true
                state.counts.duplicates += 1
            }
            if state.generator.happens(rates.lateDuplicates) {
                fate.repeatsAfter = state.generator.duration(in: rates.longDelay)
                state.counts.lateDuplicates += 1
            }
            return fate
        }
    }

    func arrive(_ fate: Fate, _ verb: FaultPlan.Verb) async throws(LockError) {
        if fate.dropsRequest {
            try await pass(fate.patience, verb)
            throw Self.unavailable
        }
        try await pass(fate.requestDelay, verb)
    }

    func answer(_ fate: Fate, _ verb: FaultPlan.Verb) async throws(LockError) {
        let isCut = state.withLock { $0.isCut }
        try await pass(fate.dropsReply || isCut ? fate.patience : fate.replyDelay, verb)
        if fate.dropsReply || isCut { throw Self.unavailable }
    }

    /// Waits; a removal goes on at once where its caller is cancelled.
    private func pass(_ delay: Duration, _ verb: FaultPlan.Verb) async throws(LockError) {
        guard delay > .zero else { return }
        do {
            try await time.sleep(until: time.now + delay)
        } catch {
            guard verb != .remove else { return }
            throw LockError(.cancelled, "the task was cancelled while the \(verb.rawValue) was under way")
        }
    }

    private func repeatLater<R: Sendable>(
        _ delay: Duration?, _ execute: @escaping @Sendable () async throws(LockError) -> R
    ) {
        guard let delay else { return }
        let late = Late(due: time.now + delay) {
            guard self.state.withLock({ !$0.isCut }) else { return }
            _ = await Self.outcome(execute)
        }
        lateArrivals.yield(late)
    }

    private static func outcome<R>(_ execute: () async throws(LockError) -> R) async -> Result<R, LockError> {
        do throws(LockError) { return .success(try await execute()) } catch { return .failure(error) }
    }

    private static let unavailable = LockError(.unavailable, "the message was lost")
}

extension FaultyBackend {
    func lies(_ lie: FaultPlan.Lie) -> Bool {
        state.withLock { state in
            guard let rate = state.plan.lies[lie], state.generator.happens(rate) else { return false }
            state.counts.lies += 1
            return true
        }
    }

    /// The grant, or a lie about its token.
    func truth(of grant: Grant) -> Grant {
        let repeated = lies(.tokenRepeated)
        return state.withLock { state in
            defer { if !repeated { state.lastToken = grant.token } }
            return repeated ? state.lastToken.map { Grant(token: $0) } ?? grant : grant
        }
    }

    /// A grant that nobody gave.
    func invented() -> Grant {
        state.withLock { state in
            let raw = (state.lastToken?.rawValue ?? 0) + 1
            return Grant(token: FencingToken(rawValue: raw) ?? state.lastToken ?? Self.one)
        }
    }

    private static let one: FencingToken = {
        guard let one = FencingToken(rawValue: 1) else { preconditionFailure("1 is a token") }
        return one
    }()
}

extension FaultyBackend.State {
    mutating func delay(_ rates: FaultPlan.Rates) -> Duration {
        generator.duration(in: generator.happens(rates.longDelays) ? rates.longDelay : rates.delay)
    }
}
