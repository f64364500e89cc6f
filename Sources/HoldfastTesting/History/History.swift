import Holdfast

/// A recorded run, and what its events say about each operation.
public struct History: Sendable {
    public let events: [HistoryEvent]
    /// `false` where the recorder's limit cut it short.
    public let isComplete: Bool

    public init(_ events: [HistoryEvent], isComplete: Bool = true) {
        self.events = events
        self.isComplete = isComplete
    }

    /// Makes a history by hand.
    public init(_ events: [(Duration, HistoryEvent.Kind)]) {
        self.init(events.enumerated().map { HistoryEvent(index: $0.offset, time: $0.element.0, kind: $0.element.1) })
    }

    /// A moment: events of one time are still in order.
    struct Moment: Sendable, Comparable {
        let time: Duration
        let index: Int
        static func < (lhs: Moment, rhs: Moment) -> Bool { (lhs.time, lhs.index) < (rhs.time, rhs.index) }
    }

    /// One operation's life.
    struct Hold: Sendable {
        let operation: Int
        let client: String
        let parts: [Claim.Part]
        let invoked: Moment
        var acquired: Moment?
        var claim: Claim.ID?
        var token: FencingToken?
        /// The last deadline that the holder knew of while it believed.
        var deadline: Duration = .zero
        /// The first that ended its belief: release, loss, crash, or removal by force.
        var ended: Moment?
        /// When the backend was known to have it no more.
        var freed: Moment?
        /// It failed, gave up or crashed: from then on it can no longer be granted to its caller.
        var failed: Moment?
        /// Its end at the backend is not known.
        var isUnknown = false
        var wasBroken = false
        var hasCrashed = false

        /// When the holder stopped believing: the end of its belief, or its own deadline.
        var believedUntil: Moment {
            let byDeadline = Moment(time: deadline, index: .max)
            return ended.map { min($0, byDeadline) } ?? byDeadline
        }

        var name: String { "operation \(operation) of \(client)" }
    }

    /// All operations, in the order of their invocation.
    var holds: [Hold] {
        var holds: [Int: Hold] = [:]
        var byClaim: [Claim.ID: Int] = [:]
        var broken: Set<Claim.ID> = []
        for event in events {
            let moment = Moment(time: event.time, index: event.index)
            switch event.kind {
            case .invoke(let operation, let client, let parts):
                holds[operation] = Hold(operation: operation, client: client, parts: parts, invoked: moment)
            case .ok(let operation, let claim, let token, let deadline):
                byClaim[claim] = operation
                holds[operation]?.acquired = moment
                holds[operation]?.claim = claim
                holds[operation]?.token = token
                holds[operation]?.deadline = deadline
                if broken.contains(claim) { holds[operation]?.breakOff(at: moment) }
            case .observed(let operation, true, _, let deadline): holds[operation]?.prolong(to: deadline)
            case .crashed(let client):
                for operation in holds.keys where holds[operation]?.client == client {
                    holds[operation]?.crash(at: moment)
                }
            case .broken(let claim):
                broken.insert(claim)
                byClaim[claim].map { holds[$0]?.breakOff(at: moment) }
            case .fail(let operation, _), .info(let operation, _), .releasing(let operation),
                .released(let operation, _), .lost(let operation, _):
                holds[operation]?.take(event.kind, at: moment)
            default: continue
            }
        }
        return holds.values.sorted { $0.invoked < $1.invoked }
    }
}

extension History.Hold {
    fileprivate mutating func prolong(to deadline: Duration) {
        guard ended == nil else { return }
        self.deadline = max(self.deadline, deadline)
    }

    fileprivate mutating func take(_ kind: HistoryEvent.Kind, at moment: History.Moment) {
        switch kind {
        case .fail: (failed, freed) = (moment, freed ?? moment)
        case .info: (failed, isUnknown) = (moment, true)
        case .released(_, true): freed = freed ?? moment
        case .released(_, false): isUnknown = true
        case .lost:
            isUnknown = freed == nil
            ended = ended ?? moment
        case .releasing: ended = ended ?? moment
        default: break
        }
    }

    fileprivate mutating func crash(at moment: History.Moment) {
        guard failed == nil, freed == nil else { return }
        ended = ended ?? moment
        failed = moment
        isUnknown = true
        hasCrashed = true
    }

    fileprivate mutating func breakOff(at moment: History.Moment) {
        ended = ended ?? moment
        wasBroken = true
    }
}
