#if Postgres
import Foundation
import Glibc
import ServerKit

@testable import HoldfastPostgres

/// A pooler in front of a server; gone with this object, and with the test process.
final class PgBouncer: Sendable {
    enum Mode: String {
        case session
        case transaction
    }

    let port: Int
    private let folder: ScratchFolder
    private let guardian: Guardian

    init(_ mode: Mode, to server: PostgresServer) async throws {
        guard access(Self.binary, X_OK) == 0 else {
            throw TestFailure("no \(Self.binary): apt-get install pgbouncer")
        }
        let port = try FreePort.find()
        let folder = try ScratchFolder()
        let file = folder.path + "/pgbouncer.ini"
        try """
        [databases]
        postgres = host=127.0.0.1 port=\(server.port) user=postgres
        [pgbouncer]
        listen_addr = 127.0.0.1
        listen_port = \(port)
        unix_socket_dir =
        auth_type = any
        pool_mode = \(mode.rawValue)
        max_client_conn = 300
        default_pool_size = 10
        """.write(toFile: file, atomically: true, encoding: .utf8)
        if geteuid() == 0 { try await Shell.output("chown", "-R", "postgres:", folder.path) }
        let words = PostgresServer.asPostgres + [Self.binary, "-q", file]
        guardian = Guardian(words[0], Array(words.dropFirst()))
        try guardian.start()
        try await PostgresServer.ready(guardian, port)
        (self.port, self.folder) = (port, folder)
    }

    deinit { guardian.kill() }

    private static let binary = "/usr/sbin/pgbouncer"
}
#endif
