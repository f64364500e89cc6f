#if Redis
import Glibc

/// The machine's time of day, only to compare it with a server's.
enum WallClock {
    static var now: Duration {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return .seconds(time.tv_sec) + .nanoseconds(time.tv_nsec)
    }
}
#endif
