/// What the loop calls when its time has come. There are few: one for each connection.
struct AlarmList {
    private struct Alarm {
        let due: ContinuousClock.Instant
        let body: @Sendable () -> Void
    }

    private var alarms: [UInt64: Alarm] = [:]
    private var last: UInt64 = 0

    mutating func add(after delay: Duration, _ body: @escaping @Sendable () -> Void) -> UInt64 {
        last += 1
        alarms[last] = Alarm(due: ContinuousClock.now + delay, body: body)
        return last
    }

    mutating func remove(_ alarm: UInt64) { alarms[alarm] = nil }

    /// Until the first, in milliseconds, rounded up; -1 where there is none.
    func pause() -> Int32 {
        guard let first = alarms.values.map(\.due).min() else { return -1 }
        let pause = first - ContinuousClock.now
        guard pause > .zero else { return 0 }
        return Int32(clamping: Int64((pause / .milliseconds(1)).rounded(.up)))
    }

    mutating func takeDue() -> [@Sendable () -> Void] {
        guard !alarms.isEmpty else { return [] }
        let now = ContinuousClock.now
        let due = alarms.filter { $0.value.due <= now }.sorted { $0.value.due < $1.value.due }
        for alarm in due { alarms[alarm.key] = nil }
        return due.map(\.value.body)
    }
}
