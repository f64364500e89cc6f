#if SQLite
import Glibc

/// Time since boot, suspends included: what lives are counted on, so that a step of the wall clock changes nothing.
enum BootClock {
    /// Nanoseconds. CLOCK_BOOTTIME cannot fail on a Linux that runs Swift.
    static var now: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_BOOTTIME, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    /// Microseconds of the wall clock: where a new store's tokens start.
    static var wallMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }

    /// Blocks the calling thread: for the store's own thread and for SQLite's busy handler.
    static func sleep(_ duration: Duration) {
        var time = timespec(tv_sec: 0, tv_nsec: Int(duration.components.attoseconds / 1_000_000_000))
        nanosleep(&time, nil)
    }

    /// Which boot, and which time namespace, this process counts in.
    static func identity() -> String {
        let boot = read("/proc/sys/kernel/random/boot_id")
        let offset = read("/proc/self/timens_offsets").split(separator: "\n").first { $0.hasPrefix("boottime") }
        return boot.filter { !$0.isWhitespace } + "/" + (offset ?? "").split(separator: " ").joined(separator: " ")
    }

    private static func read(_ path: String) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return "" }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 512)
        let count = Glibc.read(file, &buffer, buffer.count)
        return String(decoding: buffer.prefix(max(0, count)), as: UTF8.self)
    }
}
#endif
