import Metrics

/// A client's metrics. Made once: a label set costs its maker, not its recorder.
struct Meters: Sendable {
    private let acquired: Counter
    private let waited: Counter
    private let failures: [LockError.Code: Counter]
    private let otherFailures: Counter
    private let atRisk: Counter
    private let losses: [LeaseLoss: Counter]
    private let waits: Timer
    private let holds: Timer

    init(backend: String) {
        func counter(_ name: String, _ more: [(String, String)] = []) -> Counter {
            Counter(label: "holdfast_\(name)_total", dimensions: [("backend", backend)] + more)
        }
        acquired = counter("acquired")
        waited = counter("waited")
        atRisk = counter("at_risk")
        let codes: [LockError.Code] = [.busy, .timedOut, .cancelled, .unavailable, .denied, .wouldDeadlock, .deadlock]
        failures = Dictionary(
            uniqueKeysWithValues: codes.map { ($0, counter("failed", [("code", $0.description)])) })
        otherFailures = counter("failed", [("code", "other")])
        let reasons: [LeaseLoss] = [.expired, .removed, .asked, .maxHold, .clientStopped]
        losses = Dictionary(uniqueKeysWithValues: reasons.map { ($0, counter("lost", [("reason", $0.rawValue)])) })
        waits = Timer(label: "holdfast_wait", dimensions: [("backend", backend)])
        holds = Timer(label: "holdfast_hold", dimensions: [("backend", backend)])
    }

    func record(_ kind: LockEvent.Kind, _ duration: Duration) {
        switch kind {
        case .acquired:
            acquired.increment()
            waits.recordNanoseconds(duration.nanoseconds)
        case .waited: waited.increment()
        case .atRisk: atRisk.increment()
        case .lost(let loss): losses[loss]?.increment()
        case .released: holds.recordNanoseconds(duration.nanoseconds)
        case .failed(let code): (failures[code] ?? otherFailures).increment()
        case .orderInverted: break
        }
    }
}
