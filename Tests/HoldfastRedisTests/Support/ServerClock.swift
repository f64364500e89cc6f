#if Redis
import Foundation
import Glibc
import ServerKit

/// The wall clock of one server, which a test sets forward and back: a library that is loaded before libc adds what a
/// mapped file says. The machine's clock and the server's monotonic one stay as they are.
///
/// ```swift
/// let clock = try await ServerClock()
/// let server = try await RedisServer(launcher: clock.launcher)
/// try clock.step(.seconds(3600))
/// ```
final class ServerClock: Sendable {
    private let folder: ScratchFolder
    private var offsetFile: String { folder.path + "/offset" }

    init() async throws {
        folder = try ScratchFolder()
        let source = folder.path + "/clock.c"
        try Self.source.write(toFile: source, atomically: true, encoding: .utf8)
        try Data(count: 8).write(to: URL(fileURLWithPath: folder.path + "/offset"))
        // A C compiler comes with every Swift toolchain.
        try await Shell.output(
            "clang", "-O1", "-Wall", "-Werror", "-shared", "-fPIC", "-o", folder.path + "/clock.so", source)
    }

    /// Words before a server's own.
    var launcher: [String] { ["env", "LD_PRELOAD=\(folder.path)/clock.so", "HOLDFAST_CLOCK=\(offsetFile)"] }

    /// Sets the clock to so much from the machine's.
    func step(to offset: Duration) throws {
        let file = open(offsetFile, O_WRONLY | O_CLOEXEC)
        defer { close(file) }
        var seconds = Int64(offset.components.seconds)
        guard file >= 0, pwrite(file, &seconds, 8, 0) == 8 else { throw TestFailure("the clock cannot be set") }
    }

    /// Calls the kernel itself: what it stands before may be asked by the allocator, before anything is set up.
    private static let source = """
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdint.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static volatile int64_t *offset;

        __attribute__((constructor)) static void begin(void) {
            const char *path = getenv("HOLDFAST_CLOCK");
            int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
            if (file < 0) return;
            void *page = mmap(0, 8, PROT_READ, MAP_SHARED, file, 0);
            if (page != MAP_FAILED) offset = page;
            close(file);
        }

        int clock_gettime(clockid_t id, struct timespec *now) {
            long code = syscall(SYS_clock_gettime, id, now);
            if (code == 0 && offset && (id == CLOCK_REALTIME || id == CLOCK_REALTIME_COARSE)) now->tv_sec += *offset;
            return (int)code;
        }

        int gettimeofday(struct timeval *restrict now, void *restrict zone) {
            struct timespec exact;
            (void)zone;
            if (clock_gettime(CLOCK_REALTIME, &exact)) return -1;
            now->tv_sec = exact.tv_sec;
            now->tv_usec = exact.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *out) {
            struct timespec exact;
            clock_gettime(CLOCK_REALTIME, &exact);
            if (out) *out = exact.tv_sec;
            return exact.tv_sec;
        }
        """
}
#endif
