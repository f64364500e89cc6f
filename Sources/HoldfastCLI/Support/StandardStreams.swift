import Glibc

/// Standard input, output and error, some of which a daemon or a careless script closes.
enum StandardStreams {
    /// Puts `/dev/null` where nothing is open: the next file, which may be the store's, would get the number, and with
    /// it what is meant for people. Closed on exec, so that a command finds its streams as they were.
    ///
    /// Before anything is opened.
    static func occupy() {
        // Each gets the lowest number that is free.
        while true {
            let null = open("/dev/null", O_RDWR | O_CLOEXEC)
            guard null >= 0, null <= STDERR_FILENO else {
                if null >= 0 { close(null) }
                return
            }
        }
    }
}
