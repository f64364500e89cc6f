import Glibc

/// One end of a socket pair that keeps messages apart, between the processes of `run`.
struct Channel: Sendable {
    enum Reception {
        case message(String)
        /// Nothing now; only where the call did not wait.
        case nothing
        /// The other process ended, or closed its end.
        case closed
    }

    /// Names have at most 512 bytes, a store's errors a few lines.
    private static let messageBytesLimit = 16_384

    let descriptor: Int32

    /// Both ends are closed on exec.
    static func pair() throws(Failure) -> (Channel, Channel) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue)
        guard socketpair(AF_UNIX, type, 0, &ends) == 0 else {
            throw Failure(.internalError, "no socket pair: \(String(cString: strerror(errno)))")
        }
        return (Channel(descriptor: ends[0]), Channel(descriptor: ends[1]))
    }

    func close() { _ = Glibc.close(descriptor) }

    /// A reader that is gone is noticed where this process reads.
    func send(_ message: String) {
        let bytes = Array(message.utf8.prefix(Self.messageBytesLimit))
        while Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) < 0, errno == EINTR {}
    }

    func receive(waits: Bool) -> Reception {
        var buffer = [UInt8](repeating: 0, count: Self.messageBytesLimit)
        let flags = waits ? 0 : Int32(MSG_DONTWAIT)
        while true {
            let count = recv(descriptor, &buffer, buffer.count, flags)
            if count > 0 { return .message(String(decoding: buffer[..<count], as: UTF8.self)) }
            if count == 0 { return .closed }
            switch errno {
            // A reset is told once; what was sent before it comes after.
            case EINTR, ECONNRESET: continue
            case EAGAIN: return .nothing
            default: return .closed
            }
        }
    }
}
