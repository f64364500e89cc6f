#if Redis
import Holdfast
import Synchronization

extension Roster {
    /// Claims that one look asks about, and which group each speaks for.
    struct Look {
        struct Question {
            let group: String
            let id: Claim.ID
            let keys: [KeyNames]
        }
        var questions: [Question] = []
        var groups: [String] = []
    }

    /// A waiting claim is looked after at least this often: the most that a lost push costs.
    static let lookInterval: Duration = .seconds(1)
    /// Where a peer has the key, whose release tells nobody.
    static let peerLookInterval: Duration = .milliseconds(50)
    /// What falls due so soon after is looked after at once: one call for many.
    static let lookGathering: Duration = .milliseconds(20)
    /// Groups in one look.
    static let groupsPerLook = 64
    /// Claims of one group in one look: where the first of them waits, the rest do.
    static let claimsPerGroup = 2

    /// Between half of an interval and all of it, so that clients do not come all at once.
    static func spread(_ interval: Duration) -> Duration { interval / 2 + interval / 2 * Double.random(in: 0..<1) }

    /// What is due; else until when nothing is.
    func dueLook() -> (Look, until: Duration?) {
        state.withLock { state in
            let now = time.now
            var look = Look()
            var until = now
            while look.groups.count < Self.groupsPerLook, let due = state.agenda.popDue(now: until) {
                guard let group = state.groups[due.item], group.nextLook == due.at else { continue }
                state.groups[due.item]?.nextLook = nil
                let oldest = state.groups[due.item]?.oldest(Self.claimsPerGroup) { [claims = state.claims] in
                    claims[$0]?.isWaiting == true
                }
                look.groups.append(due.item)
                until = now + Self.lookGathering
                for id in oldest ?? [] {
                    guard let keys = state.claims[id]?.keys else { continue }
                    look.questions.append(Look.Question(group: due.item, id: id, keys: keys))
                }
            }
            state.sleepsUntil = look.groups.isEmpty ? state.agenda.first?.at ?? .seconds(1 << 40) : nil
            return (look, state.agenda.first?.at)
        }
    }

    /// Says when to look at each group of a look again: `nil` after a failure, by the usual interval.
    func looked(_ groups: [String], next: [String: Duration]) {
        state.withLock { state in
            let now = time.now
            for name in groups {
                guard let group = state.groups[name], group.nextLook == nil else { continue }
                let at = group.isHurried ? now : now + (next[name] ?? Self.spread(Self.lookInterval))
                state.groups[name]?.nextLook = at
                state.groups[name]?.isHurried = false
                _ = state.schedule(name, at: at)
            }
        }
    }
}
#endif
