import Glibc

/// The machine's time of day, which claims carry for people, and waits to say who waited last.
package enum WallClock {
    package static var milliseconds: Int64 { microseconds / 1_000 }

    package static var microseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1_000
    }
}
