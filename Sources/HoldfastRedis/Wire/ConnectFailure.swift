#if Redis
import Glibc
import Holdfast
import NIOCore
import NIOSSL

/// What a failed connection says to a reader at three in the morning. No secrets.
enum ConnectFailure {
    static func explain(_ error: any Error, _ place: String) -> LockError {
        switch error {
        case let error as LockError: return error
        case let error as IOError: return explain(errno: error.errnoCode, place)
        case is NIOSSLError, is BoringSSLError, is NIOSSLExtraError:
            return unavailable(
                "\(place) and this client do not agree on TLS (\(error)): does the server speak TLS on this port, does "
                    + "tls-ca= name who signed its certificate, does the certificate name the host, and does the "
                    + "server want a client certificate (tls-cert=, tls-key=)?")
        default: return unavailable("cannot connect to \(place): \(error)")
        }
    }

    static func explain(errno code: CInt, _ place: String) -> LockError {
        let what = String(cString: strerror(code))
        switch code {
        case ECONNREFUSED: return unavailable("\(place) refuses connections: does the server run, and on this port?")
        case ENOENT: return unavailable("there is no socket at \(place): does the server run?")
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
