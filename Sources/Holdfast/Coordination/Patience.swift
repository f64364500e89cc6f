/// For how long a caller waits, over several attempts.
struct Patience: Sendable {
    /// When it ends; `nil` for never.
    let until: Duration?
    private let began: Duration
    private let isImpatient: Bool

    init(_ wait: Wait, now: Duration) {
        began = now
        switch wait {
        case .forever: (until, isImpatient) = (nil, false)
        case .no: (until, isImpatient) = (now, true)
        case .upTo(let limit): (until, isImpatient) = (now + max(.zero, limit), limit <= .zero)
        }
    }

    func isOver(now: Duration) -> Bool { until.map { now >= $0 } ?? false }

    /// What is left of it, for one attempt. Never ``Wait/no``: the claim itself need not wait.
    func left(now: Duration) -> Wait { until.map { .upTo(max(.milliseconds(1), $0 - now)) } ?? .forever }

    /// ``LockError/Code/busy`` for who would not wait at all, else ``LockError/Code/timedOut``.
    func failure(_ key: LockKey) -> LockError {
        guard let until, !isImpatient else { return LockError(.busy, "others are before", key: key) }
        return LockError(.timedOut, "it did not come to pass within \(until - began)", key: key)
    }
}
