#if MySQL
import CMariaDB
import Glibc
import Holdfast
import Synchronization

/// Connects, encrypts and logs in on a thread of its own: the library looks names up, and computes, in these steps.
enum MySQLDial {
    /// Connections in the making; more say that a server or a resolver hangs.
    private static let dialsLimit = 32
    private static let underWay = Atomic<Int>(0)

    private final class Order: Sendable {
        let configuration: MySQLConfiguration
        let endpoint: MySQLConfiguration.Endpoint
        let answer: CheckedContinuation<Result<MySQLConnection, LockError>, Never>

        init(
            _ configuration: MySQLConfiguration, _ endpoint: MySQLConfiguration.Endpoint,
            _ answer: CheckedContinuation<Result<MySQLConnection, LockError>, Never>
        ) {
            self.configuration = configuration
            self.endpoint = endpoint
            self.answer = answer
        }
    }

    static func connect(
        _ configuration: MySQLConfiguration, to endpoint: MySQLConfiguration.Endpoint
    ) async throws(LockError) -> MySQLConnection {
        guard underWay.wrappingAdd(1, ordering: .relaxed).newValue <= dialsLimit else {
            underWay.wrappingSubtract(1, ordering: .relaxed)
            throw LockError(.unavailable, "\(configuration): \(dialsLimit) attempts to connect hang")
        }
        let outcome = await withCheckedContinuation { answer in
            let order = Unmanaged.passRetained(Order(configuration, endpoint, answer))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    let order = Unmanaged<Order>.fromOpaque(context).takeRetainedValue()
                    order.answer.resume(returning: MySQLDial.open(order.configuration, order.endpoint))
                    return nil
                }, order.toOpaque())
            if status == 0 {
                pthread_detach(thread)
            } else {
                order.release()
                let reason = String(cString: strerror(status))
                answer.resume(returning: .failure(LockError(.unavailable, "no thread to connect on: \(reason)")))
            }
        }
        underWay.wrappingSubtract(1, ordering: .relaxed)
        return try outcome.get()
    }

    /// Made once, before any thread is in the library.
    private static let isReady = mysql_server_init(0, nil, nil) == 0

    private static func open(
        _ configuration: MySQLConfiguration, _ endpoint: MySQLConfiguration.Endpoint
    ) -> Result<MySQLConnection, LockError> {
        guard isReady, let raw = mysql_init(nil) else {
            return .failure(LockError(.unavailable, "no memory for a connection"))
        }
        let connection = MySQLConnection(raw: raw)
        do throws(LockError) {
            try set(raw, configuration, endpoint)
            let user = configuration.credentials?.user
            let password = configuration.credentials?.password
            let made = mysql_real_connect(
                raw, endpoint.isUnix ? nil : endpoint.host, user, password, configuration.database,
                endpoint.isUnix ? 0 : UInt32(clamping: endpoint.port), endpoint.isUnix ? endpoint.host : nil,
                UInt(CLIENT_MULTI_STATEMENTS))
            guard made != nil else { throw refusal(connection.fault, "\(configuration)", endpoint) }
            // The library takes a server without encryption where it need not verify one.
            guard configuration.tls == nil || endpoint.isUnix || mysql_get_ssl_cipher(raw) != nil else {
                throw refusal(MySQLFault(number: 2026, message: "the server has none"), "\(configuration)", endpoint)
            }
        } catch {
            mysql_close(raw)
            return .failure(error)
        }
        tune(mysql_get_socket(raw), configuration)
        return .success(connection)
    }

    private static func refusal(
        _ fault: MySQLFault, _ target: String, _ endpoint: MySQLConfiguration.Endpoint
    ) -> LockError {
        var error = fault.lockError(target)
        // The library's number for all that is wrong with encryption, certificates included.
        if fault.number == 2026 {
            error = LockError(.denied, "\(target): no encryption with \(endpoint): \(fault.message)", cause: fault)
        }
        error.cause = NeverSent(error)
        return error
    }

    private static func set(
        _ raw: UnsafeMutablePointer<MYSQL>, _ configuration: MySQLConfiguration,
        _ endpoint: MySQLConfiguration.Endpoint
    ) throws(LockError) {
        func set(_ option: mysql_option, _ text: String) { mysql_options(raw, option, text) }
        func set(_ option: mysql_option, _ number: UInt32) {
            _ = withUnsafePointer(to: number) { mysql_options(raw, option, $0) }
        }
        func set(_ option: mysql_option, _ isOn: Bool) {
            _ = withUnsafePointer(to: my_bool(isOn ? 1 : 0)) { mysql_options(raw, option, $0) }
        }
        mysql_options(raw, MYSQL_OPT_NONBLOCK, nil)
        set(MYSQL_SET_CHARSET_NAME, "utf8mb4")
        set(MYSQL_OPT_PROTOCOL, endpoint.isUnix ? MYSQL_PROTOCOL_SOCKET.rawValue : MYSQL_PROTOCOL_TCP.rawValue)
        let seconds = UInt32(clamping: max(1, (configuration.connectTimeout.nanoseconds + 999_999_999) / 1_000_000_000))
        for limit in [MYSQL_OPT_CONNECT_TIMEOUT, MYSQL_OPT_READ_TIMEOUT, MYSQL_OPT_WRITE_TIMEOUT] {
            set(limit, seconds)
        }
        // A session that is lost is lost, with its locks.
        set(MYSQL_OPT_RECONNECT, false)
        // No server is to ask for this machine's files, or for the password as it is.
        set(MYSQL_OPT_LOCAL_INFILE, 0)
        set(MARIADB_OPT_RESTRICTED_AUTH, plugins)
        guard let tls = configuration.tls, !endpoint.isUnix else { return }
        set(MYSQL_OPT_SSL_ENFORCE, true)
        set(MYSQL_OPT_SSL_VERIFY_SERVER_CERT, tls.verifies)
        if tls.verifies {
            guard let authorities = tls.authorityFile ?? bundles.first(where: { access($0, R_OK) == 0 }) else {
                throw LockError(
                    .invalidArgument, "no file of trusted certificates on this system; name one by tls-ca=")
            }
            set(MYSQL_OPT_SSL_CA, authorities)
        }
        if let file = tls.certificateFile { set(MYSQL_OPT_SSL_CERT, file) }
        if let file = tls.keyFile { set(MYSQL_OPT_SSL_KEY, file) }
    }

    /// A peer that is gone without a word is noticed, also where a statement waits.
    private static func tune(_ socket: Int32, _ configuration: MySQLConfiguration) {
        _ = fcntl(socket, F_SETFL, fcntl(socket, F_GETFL) | O_NONBLOCK)
        _ = fcntl(socket, F_SETFD, FD_CLOEXEC)
        func set(_ level: Int32, _ option: Int32, _ value: Int32) {
            var value = value
            // A Unix domain socket has none of these.
            setsockopt(socket, level, option, &value, socklen_t(MemoryLayout<Int32>.size))
        }
        set(SOL_SOCKET, SO_KEEPALIVE, 1)
        set(Int32(IPPROTO_TCP), TCP_KEEPIDLE, 10)
        set(Int32(IPPROTO_TCP), TCP_KEEPINTVL, 5)
        set(Int32(IPPROTO_TCP), TCP_KEEPCNT, 3)
        // A session with locks is worth some patience: what is lost on the way is sent again for so long.
        let limit = configuration.requestTimeout
        let patience = configuration.locks == .named ? max(patience, limit) : limit
        set(Int32(IPPROTO_TCP), TCP_USER_TIMEOUT, Int32(clamping: max(1, patience.nanoseconds / 1_000_000)))
    }

    private static let patience: Duration = .seconds(60)
    private static let plugins =
        "mysql_native_password,caching_sha2_password,sha256_password,client_ed25519,auth_gssapi_client"
    /// Where systems keep what they trust: Debian, Red Hat, Alpine.
    private static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]
}
#endif
