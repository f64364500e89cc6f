#if Etcd
/// What a link has written to the server, for tests and measurements.
struct EtcdCounts: Sendable, Equatable {
    /// Calls with one answer, repeats included.
    var unary: [EtcdMethod: Int] = [:]
    var keepAlives = 0
    var watchesCreated = 0
    var watchesCancelled = 0
    /// Streams of watches and keep-alives that were opened.
    var streamsOpened = 0
    var connections = 0

    var allUnary: Int { unary.values.reduce(0, +) }
    /// Messages of every kind.
    var all: Int { allUnary + keepAlives + watchesCreated + watchesCancelled }
}
#endif
