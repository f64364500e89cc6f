#if Redis
import Holdfast
import Synchronization

extension RedisBackend {
    /// How a claim stands, by the server.
    struct Standing {
        /// Its token where it is held, 0 where it waits, -1 where it is gone.
        let state: Int64
        /// When something may change by itself; `nil` where nothing will.
        let next: Duration?
        /// A peer has one of its keys.
        let isBehindPeer: Bool
    }

    /// Looks after waiting claims, should a push be lost, or a holder be dead or a peer.
    func lookAfterWaiters() async {
        while !Task.isCancelled {
            let (look, until) = roster.dueLook()
            guard !look.groups.isEmpty else {
                await roster.bell.wait(until: until, on: roster.time)
                continue
            }
            var next: [String: Duration] = [:]
            do throws(LockError) {
                let standings = try await self.look(look.questions)
                for (question, standing) in zip(look.questions, standings) {
                    if let token = FencingToken(rawValue: standing.state) {
                        roster.granted(question.id, token)
                        next[question.group] = .zero
                    } else if standing.state < 0 {
                        roster.gone(question.id)
                        next[question.group] = .zero
                    } else {
                        let own = Self.interval(until: standing)
                        next[question.group] = min(own, next[question.group] ?? own)
                    }
                }
            } catch {
                // The link says why; the looks go on by their usual interval.
            }
            roster.looked(look.groups, next: next)
        }
    }

    /// When to look again. A little later than a life's end, so that it is over by then.
    private static func interval(until standing: Standing) -> Duration {
        var interval = Roster.spread(standing.isBehindPeer ? Roster.peerLookInterval : Roster.lookInterval)
        if let next = standing.next { interval = min(interval, next + .milliseconds(1)) }
        return interval
    }

    func look(_ questions: [Roster.Look.Question]) async throws(LockError) -> [Standing] {
        guard ears.isCluster else { return try await lookAtOnce(questions) }
        var standings: [Standing] = []
        for question in questions {
            do throws(LockError) {
                standings += try await lookAtOnce([question])
            } catch {
                guard hasMoved(error) else { throw error }
                // Gone from here; the others are still to be looked after.
                standings.append(Standing(state: -1, next: nil, isBehindPeer: false))
            }
        }
        return standings
    }

    private func lookAtOnce(_ questions: [Roster.Look.Question]) async throws(LockError) -> [Standing] {
        let keys = questions.reduce(0) { $0 + $1.keys.count }
        let reply = try await call(scripts.look, keys: keys * KeyNames.count, arguments: 2 * questions.count) {
            written in
            for question in questions { for key in question.keys { key.append(to: &written) } }
            for question in questions {
                written.append(question.id.description)
                written.append(Int64(question.keys.count))
            }
        }
        guard let numbers = reply.elements?.compactMap(\.int), numbers.count == 3 * questions.count else {
            throw Self.unexpected
        }
        return questions.indices.map { index in
            let next = numbers[3 * index + 1]
            return Standing(
                state: numbers[3 * index], next: next < 0 ? nil : .milliseconds(next),
                isBehindPeer: numbers[3 * index + 2] == 1)
        }
    }
}
#endif
