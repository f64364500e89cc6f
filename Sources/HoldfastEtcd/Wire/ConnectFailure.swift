#if Etcd
import Glibc
import Holdfast
import NIOCore
import NIOHTTP2
import NIOPosix
import NIOSSL

/// What a failed connection says to a reader at three in the morning. No secrets.
enum ConnectFailure {
    static func explain(_ error: any Error, _ place: String) -> LockError {
        switch error {
        case let error as LockError: return error
        case let error as IOError: return explain(errno: error.errnoCode, place)
        case let error as NIOConnectionError:
            if let first = error.connectionErrors.first { return explain(first.error, place) }
            return unavailable("\(place) cannot be found: is the name right, and does DNS answer?")
        case is ChannelError:
            if case ChannelError.connectTimeout = error { return explain(errno: ETIMEDOUT, place) }
            return unavailable("the connection to \(place) ended: \(error)")
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return unavailable(
                "\(place) and this client do not agree on TLS (\(error)): does the server speak TLS on this port, does "
                    + "tls-ca= name who signed its certificate, does the certificate name the host, and does the "
                    + "server want a client certificate (tls-cert=, tls-key=)?")
        default:
            return unavailable(
                "\(place) does not speak HTTP/2 as etcd does (\(error)): is it etcd's client port, and is it etcds:// "
                    + "that it wants?")
        }
    }

    static func explain(errno code: CInt, _ place: String) -> LockError {
        let what = String(cString: strerror(code))
        switch code {
        case ECONNREFUSED: return unavailable("\(place) refuses connections: does etcd run, and on this port?")
        case ETIMEDOUT:
            return unavailable("\(place) does not answer: is the address right, and does a firewall let it through?")
        case ECONNRESET, EPIPE:
            // A server that expects the other kind may break off before it says so.
            return unavailable(
                "\(place) broke the connection off (\(what)): was it stopped, and does it speak TLS on this port, or "
                    + "not, as the URL says?")
        case EACCES, EPERM: return LockError(.denied, "no permission to connect to \(place): \(what)")
        default: return unavailable("cannot reach \(place): \(what)")
        }
    }

    private static func unavailable(_ message: String) -> LockError { LockError(.unavailable, message) }
}
#endif
