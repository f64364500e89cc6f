import Holdfast

/// A session, and what is asked of its named locks. It either waits, or holds.
///
/// Used on the loop's thread alone, by its engine.
final class NamedSession {
    enum Kind {
        /// Tries and holds many locks, of claims with one time to live.
        case shared
        /// Waits for one lock; then holds it.
        case single
    }

    enum Errand {
        case release
        case check
        case attempt
    }

    enum Answer {
        case released(Bool)
        case checked(Bool)
        case tried(NamedBatch.Try)
        /// The server refused, or broke off.
        case failed(NamedFault)
        /// The session is over, and with it all its locks.
        case lost(LockError)
    }

    struct Order {
        let errand: Errand
        let lock: NamedLock
        /// In seconds: the session is to be kept for at least so long; 0 where it does not matter.
        let life: Int
        /// With the instant at which the request was sent.
        let done: (Answer, ContinuousClock.Instant) -> Void
    }

    let id: UInt64
    let kind: Kind
    let session: any NamedWire
    /// The server ends it when it was silent for so many seconds.
    var life: Int
    /// Its locks.
    var held: [String: Claim.ID] = [:]
    var orders: [Order] = []
    var underWay: [Order] = []
    var sentAt = ContinuousClock.now
    var isBusy = false
    /// Its answers are being told: what comes of one must not end it before the next.
    var isAnswering = false
    /// Requests in turn that were not done.
    var failures = 0
    /// Somebody is told to break its wait off; until that is done nothing else may be asked.
    var isBeingInterrupted = false
    /// Its answer, which came before that.
    var afterInterrupt: ((isolated NamedEngine) -> Void)?

    init(id: UInt64, kind: Kind, session: any NamedWire, life: Int) {
        self.id = id
        self.kind = kind
        self.session = session
        self.life = life
    }

    /// What it is asked next, in one request.
    func takeBatch(_ limit: Int) -> NamedBatch {
        underWay = Array(orders.prefix(limit))
        orders.removeFirst(underWay.count)
        var batch = NamedBatch()
        for order in underWay {
            switch order.errand {
            case .release: batch.releases.append(order.lock)
            case .check: batch.checks.append(order.lock)
            case .attempt: batch.tries.append(order.lock)
            }
        }
        let needed = underWay.map(\.life).max() ?? 0
        if needed > life {
            batch.idleTimeout = needed
            life = needed
        }
        return batch
    }

    /// Each order with its answer, in the order in which the server did them.
    func answers(_ outcome: NamedBatch.Outcome) -> [(Order, Answer)] {
        let fault =
            outcome.fault
            ?? NamedFault(
                LockError(.unavailable, "the server did not answer in full"), isTransient: true, isInterrupted: true)
        func pair<Value>(_ errand: Errand, _ values: [Value], _ make: (Value) -> Answer) -> [(Order, Answer)] {
            let orders = underWay.filter { $0.errand == errand }
            return orders.enumerated().map { ($1, $0 < values.count ? make(values[$0]) : .failed(fault)) }
        }
        return pair(.release, outcome.releases) { .released($0) } + pair(.check, outcome.checks) { .checked($0) }
            + pair(.attempt, outcome.tries) { .tried($0) }
    }

    var isIdle: Bool { held.isEmpty && orders.isEmpty && !isBusy }

    /// About to be ended by the server: it is of no more use.
    func isStale(now: ContinuousClock.Instant) -> Bool {
        isIdle && !isAnswering && now - sentAt > .seconds(life) * 0.75
    }
}
