#if Postgres
import Glibc
import Holdfast
import HoldfastSQL

extension PostgresConfiguration {
    /// What libpq is told. Names are looked up before: it would wait for the resolver.
    ///
    /// - Parameter settings: what the session is to have; poolers refuse to be told.
    func parameters(
        of endpoints: [Endpoint], settings: [(String, String)]
    ) async throws(LockError) -> [(String, String)] {
        var hosts: [(name: String, address: String, port: Int)] = []
        var failure: LockError?
        for endpoint in endpoints {
            guard !endpoint.isUnix else {
                hosts.append((endpoint.host, "", endpoint.port))
                continue
            }
            do throws(LockError) {
                for address in try await NameLookup.addresses(of: endpoint.host).prefix(Self.addressesLimit) {
                    hosts.append((tls?.serverName ?? endpoint.host, address, endpoint.port))
                }
            } catch {
                failure = error
            }
        }
        if hosts.isEmpty { throw failure ?? LockError(.unavailable, "\(self): no address") }
        var parameters = [
            ("host", hosts.map(\.name).joined(separator: ",")),
            ("hostaddr", hosts.map(\.address).joined(separator: ",")),
            ("port", hosts.map { "\($0.port)" }.joined(separator: ",")), ("dbname", database),
            ("client_encoding", "UTF8"), ("gssencmode", "disable"), ("fallback_application_name", "holdfast"),
            ("keepalives_idle", "10"), ("keepalives_interval", "5"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "\(max(1, requestTimeout.nanoseconds / 1_000_000))"),
        ]
        // A server alone is used as it is: what it refuses it says by itself.
        if endpoints.count > 1 { parameters.append(("target_session_attrs", "read-write")) }
        if let credentials {
            parameters.append(("user", credentials.user))
            if !credentials.password.isEmpty { parameters.append(("password", credentials.password)) }
        }
        parameters += try encryption(endpoints)
        if !settings.isEmpty {
            let words = settings.map { "-c \($0.0)=\($0.1.split(separator: " ").joined(separator: "\\ "))" }
            parameters.append(("options", words.joined(separator: " ")))
        }
        return parameters
    }

    private func encryption(_ endpoints: [Endpoint]) throws(LockError) -> [(String, String)] {
        guard let tls, !endpoints.allSatisfy(\.isUnix) else { return [("sslmode", "disable")] }
        var parameters = [("sslmode", tls.verifies ? "verify-full" : "require")]
        if tls.verifies {
            guard let authorities = tls.authorityFile ?? Self.bundles.first(where: { access($0, R_OK) == 0 }) else {
                throw LockError(
                    .invalidArgument, "no file of trusted certificates on this system; name one by tls-ca=")
            }
            parameters.append(("sslrootcert", authorities))
        }
        if let file = tls.certificateFile { parameters.append(("sslcert", file)) }
        if let file = tls.keyFile { parameters.append(("sslkey", file)) }
        return parameters
    }

    private static let addressesLimit = 16
    /// Where systems keep what they trust: Debian, Red Hat, Alpine.
    private static let bundles = [
        "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem",
    ]
}
#endif
