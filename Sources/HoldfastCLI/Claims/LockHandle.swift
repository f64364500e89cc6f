import Glibc
import Holdfast

/// What `holdfast lock` prints: one JSON line when the lock is held, and one when it is lost.
enum LockHandle {
    static func held(_ lease: Lease, owner: Owner) -> JSON {
        let left = lease.remaining.milliseconds
        let wanted = lease.parts.filter { !$0.mode.isIntention }
        return .object([
            ("event", .string("held")), ("keys", .array(wanted.map { .string($0.key.text) })),
            ("token", .string("\(lease.token)")), ("mode", .string("\(wanted.first?.mode ?? .exclusive)")),
            ("id", .string("\(lease.id)")), ("owner", owner.json),
            ("expires_at", .integer(WallClock.milliseconds + left)),
            ("time_left_ms", .integer(left)),
        ])
    }

    static func lost(_ loss: LeaseLoss) -> JSON {
        .object([("event", .string("lost")), ("reason", .string(reason(loss)))])
    }

    private static func reason(_ loss: LeaseLoss) -> String {
        switch loss {
        case .maxHold: "max_hold"
        case .clientStopped: "client_stopped"
        case .expired, .removed, .asked: loss.rawValue
        }
    }
}

/// The time of day, which only people and programs outside are told: nothing here decides by it.
enum WallClock {
    /// Since 1970.
    static var milliseconds: Int64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
    }
}
