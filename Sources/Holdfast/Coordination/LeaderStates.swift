/// What becomes of a leadership; see ``Election/leaders(every:)``.
public struct LeaderStates: AsyncSequence, Sendable {
    /// Each change.
    public typealias Element = LeaderState
    /// What does not pass by itself.
    public typealias Failure = LockError

    /// Between two looks.
    static let intervalRange: ClosedRange<Duration> = .milliseconds(50) ... .seconds(3600)
    /// For how many intervals an answer counts: one until the next question, one for its answer, one more question.
    static let intervalsLimit = 3

    let election: Election
    let interval: Duration

    /// Begins to observe, with the present state.
    public func makeAsyncIterator() -> Iterator { Iterator(election: election, interval: interval) }

    /// Looks at the store while it is asked for the next change, and not otherwise.
    public struct Iterator: AsyncIteratorProtocol {
        let election: Election
        let interval: Duration
        private var last: LeaderState?
        private var looksAt: Duration?
        /// When the last question was sent that was answered.
        private var knownAt: Duration?

        init(election: Election, interval: Duration) {
            self.election = election
            self.interval = interval
        }

        /// The next change; `nil` where the task is cancelled.
        ///
        /// - Throws: what does not pass by itself.
        public mutating func next() async throws(LockError) -> LeaderState? { try await next(isolation: #isolation) }

        /// The next change; `nil` where the task is cancelled.
        ///
        /// - Throws: what does not pass by itself.
        public mutating func next(isolation actor: isolated (any Actor)?) async throws(LockError) -> LeaderState? {
            guard intervalRange.contains(interval) else {
                throw LockError(.invalidArgument, "an observer looks every 50 ms to 1 h; \(interval) was asked for")
            }
            let client = election.client
            while !Task.isCancelled {
                // Cancelled, it leaves the loop.
                if let looksAt { try? await client.time.sleep(until: looksAt) }
                guard !Task.isCancelled else { return nil }
                looksAt = client.time.now + client.jitter(interval)
                guard let state = try await look(), state.isNews(after: last) else { continue }
                last = state
                return state
            }
            return nil
        }

        /// - Returns: `nil` where what was known still counts.
        private mutating func look() async throws(LockError) -> LeaderState? {
            let (client, key) = (election.client, election.key)
            let sentAt = client.time.now
            do throws(LockError) {
                let queue = try await client.answer(until: sentAt + interval) { () throws(LockError) in
                    try await client.queue(of: key, limit: Election.candidatesLimit)
                }
                knownAt = sentAt
                let leader = queue.first { $0.isHeld && $0.mode == .exclusive && !$0.note.text.isEmpty }
                return leader.map { .leader(Candidate($0)) } ?? LeaderState.none
            } catch {
                guard error.isOutcomeUnknown else { throw error }
                guard let knownAt, client.time.now < knownAt + interval * (intervalsLimit - 1) else { return .unknown }
                return nil
            }
        }
    }
}
