#if ZooKeeper
import Glibc

/// A descriptor that is closed with this object, and not before: until then its number names no other file.
final class OwnedDescriptor: Sendable {
    let number: CInt

    /// `nil` where the process has too many.
    init?(duplicating other: CInt) {
        number = fcntl(other, F_DUPFD_CLOEXEC, 0)
        if number < 0 { return nil }
    }

    deinit { if number >= 0 { close(number) } }
}
#endif
