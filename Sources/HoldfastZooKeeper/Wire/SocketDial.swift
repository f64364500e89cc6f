#if ZooKeeper
import Dispatch
import Glibc
import Holdfast
import NIOCore

/// Connects a socket. Ours and not NIO's, because a lone request is written to the descriptor itself.
///
/// It blocks, on a queue that makes threads as they are needed, and only while a connection is made.
struct SocketDial: Sendable {
    let server: ZooKeeperConfiguration.Server
    let timeout: Duration
    /// For messages.
    let place: String

    private static let queue = DispatchQueue(label: "holdfast.zookeeper.dial", attributes: .concurrent)

    /// A connected, non-blocking descriptor. A cancelled task has none at once; one that comes later is closed.
    func connected() async throws(LockError) -> CInt {
        let waiter = Waiter<CInt>()
        // Looking up a name knows no time-out.
        let late = LockError(.unavailable, "\(place) cannot be found in time: does DNS answer?")
        let alarm = ZooKeeperLoop.shared.scheduleTask(in: TimeAmount(timeout * 1.25)) {
            _ = waiter.settle(.failure(late))
        }
        defer { alarm.cancel() }
        return try await waiter.cancellableOutcome {
            Self.queue.async {
                let outcome = connect()
                if !waiter.settle(outcome), case .success(let descriptor) = outcome { close(descriptor) }
            }
        }.get()
    }

    private func connect() -> Result<CInt, LockError> {
        do throws(LockError) {
            return .success(try connect(host: server.host, port: server.port))
        } catch {
            return .failure(error)
        }
    }

    /// The addresses of a name one after the other, each with its share of the time.
    private func connect(host: String, port: Int) throws(LockError) -> CInt {
        var hints = addrinfo()
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV
        var found: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, "\(port)", &hints, &found)
        guard code == 0 else {
            throw LockError(
                .unavailable, "\(place) cannot be found (\(String(cString: gai_strerror(code)))): is the name right?")
        }
        defer { freeaddrinfo(found) }
        let addresses = Array(sequence(first: found) { $0?.pointee.ai_next }.prefix { $0 != nil }.compactMap(\.self))
        let end = ContinuousClock.now + timeout
        var last = ConnectFailure.explain(errno: EADDRNOTAVAIL, place)
        for (index, address) in addresses.enumerated() {
            let share = (end - ContinuousClock.now) / (addresses.count - index)
            do throws(LockError) {
                let info = address.pointee
                return try connect(info.ai_family, info.ai_addr, info.ai_addrlen, within: share)
            } catch {
                last = error
            }
        }
        throw last
    }

    private func connect(
        _ family: CInt, _ address: UnsafePointer<sockaddr>?, _ size: socklen_t, within share: Duration
    ) throws(LockError) -> CInt {
        let kind = CInt(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
        let descriptor = socket(family, kind, 0)
        guard descriptor >= 0 else { throw ConnectFailure.explain(errno: errno, place) }
        var code = Glibc.connect(descriptor, address, size) == 0 ? 0 : errno
        if code == EINPROGRESS { code = Self.finished(descriptor, share) }
        // A port of the loopback on which nobody listens may be the one that the kernel chose for this end.
        if code == 0, Self.isItsOwnPeer(descriptor) { code = ECONNREFUSED }
        guard code == 0 else {
            close(descriptor)
            throw ConnectFailure.explain(errno: code, place)
        }
        return descriptor
    }

    /// The outcome of a connection in progress, as an `errno`.
    private static func finished(_ descriptor: CInt, _ share: Duration) -> CInt {
        let end = ContinuousClock.now + share
        while true {
            let left = max(0, (end - ContinuousClock.now) / .milliseconds(1))
            var wait = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
            let ready = poll(&wait, 1, CInt(min(left, 3_600_000)) + 1)
            if ready < 0, errno == EINTR { continue }
            guard ready > 0 else { return ready == 0 ? ETIMEDOUT : errno }
            var code: CInt = 0
            var size = socklen_t(MemoryLayout<CInt>.size)
            return getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno
        }
    }

    private static func isItsOwnPeer(_ descriptor: CInt) -> Bool {
        func name(_ read: (CInt, UnsafeMutablePointer<sockaddr>, UnsafeMutablePointer<socklen_t>) -> CInt) -> [UInt8] {
            var storage = sockaddr_storage()
            var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let code = withUnsafeMutablePointer(to: &storage) {
                $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { read(descriptor, $0, &size) }
            }
            return code == 0 ? withUnsafeBytes(of: &storage) { Array($0.prefix(Int(size))) } : []
        }
        let own = name { getsockname($0, $1, $2) }
        return !own.isEmpty && own == name { getpeername($0, $1, $2) }
    }
}
#endif
