#if Postgres
import Foundation
import Glibc
import ServerKit
import Testing

@testable import HoldfastPostgres

/// A real server on a free port, in a folder of its own; gone with this object, and with the test process.
final class PostgresServer: Sendable {
    static let binaries = "/usr/lib/postgresql/15/bin"

    let folder: ScratchFolder
    let port: Int
    private let guardian: Guardian

    var pid: pid_t { guardian.pid }
    /// The server's superuser, without a password.
    var parameters: [(String, String)] {
        [
            ("host", "127.0.0.1"), ("port", "\(port)"), ("user", "postgres"), ("dbname", "postgres"),
            ("sslmode", "disable"),
        ]
    }

    /// - Parameter config: lines of `postgresql.conf`.
    convenience init(config: String...) async throws {
        let template = try await Self.template.value
        try await self.init { data in
            try await Shell.output("cp", "-a", template.path + "/data", data)
            try config.joined(separator: "\n").write(
                toFile: data + "/postgresql.auto.conf", atomically: true, encoding: .utf8)
        }
    }

    /// - Parameters:
    ///   - tls: with which the server encrypts; it wants no certificate of the client's, unless `rules` say so.
    ///   - rules: lines of `pg_hba.conf`, before those that trust everybody on this machine.
    convenience init(tls: TestCertificates?, rules: String...) async throws {
        let template = try await Self.template.value
        try await self.init { data in
            try await Shell.output("cp", "-a", template.path + "/data", data)
            let trusted = try String(contentsOfFile: data + "/pg_hba.conf", encoding: .utf8)
            try (rules.joined(separator: "\n") + "\n" + trusted).write(
                toFile: data + "/pg_hba.conf", atomically: true, encoding: .utf8)
            guard let tls else { return }
            let files = [tls.server.certificate, tls.server.key, tls.authority]
            for (file, name) in zip(files, ["server.crt", "server.key", "root.crt"]) {
                try await Shell.output("install", "-m", "600", file, data + "/" + name)
            }
            try "ssl = on\nssl_ca_file = 'root.crt'".write(
                toFile: data + "/postgresql.auto.conf", atomically: true, encoding: .utf8)
        }
    }

    /// A server of its own, which follows this one.
    func standby() async throws -> PostgresServer {
        try await PostgresServer { [port] data in
            try await Shell.output(
                Self.binaries + "/pg_basebackup", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-D", data,
                "-R", "-X", "stream", "-c", "fast")
        }
    }

    /// - Parameter fill: makes the folder of data.
    private init(_ fill: (String) async throws -> Void) async throws {
        folder = try ScratchFolder()
        try await fill(folder.path + "/data")
        if geteuid() == 0 { try await Shell.output("chown", "-R", "postgres:", folder.path) }
        var last: (any Error)?
        // Somebody else may take the free port first.
        for _ in 0..<5 {
            let port = try FreePort.find()
            let words =
                Self.asPostgres + [
                    Self.binaries + "/postgres", "-D", folder.path + "/data", "-p", "\(port)", "-h", "127.0.0.1", "-k",
                    folder.path,
                ]
            let guardian = Guardian(words[0], Array(words.dropFirst()))
            do {
                try guardian.start()
                try await Self.ready(guardian, port)
                (self.port, self.guardian) = (port, guardian)
                return
            } catch {
                last = error
            }
        }
        throw last ?? TestFailure("no server")
    }

    deinit { guardian.kill() }

    /// `kill -9`. Its port and folder stay its own.
    func kill() { guardian.kill() }

    /// Again and again: processes of the one that was killed may still be there for a moment.
    func start() async throws {
        var last: (any Error)?
        for _ in 0..<20 {
            do {
                try guardian.start()
                return try await Self.ready(guardian, port)
            } catch {
                last = error
                // A pause between attempts, of which there are twenty.
                try await Task.sleep(for: .milliseconds(100))
            }
        }
        throw last ?? TestFailure("no server")
    }

    /// Runs a script as an administrator would.
    func psql(_ script: String) async throws {
        try await Shell.output(
            "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", "127.0.0.1", "-p", "\(port)", "-U", "postgres", "-c",
            script)
    }

    func session(
        _ onNotify: @escaping @Sendable (String, String) -> Void = { _, _ in }
    ) async throws -> PostgresSession {
        let session = try PostgresSession(parameters, target: "postgres://127.0.0.1:\(port)", onNotify: onNotify)
        try await session.connect()
        return session
    }

    /// The server refuses root: it runs as its own user.
    static let asPostgres =
        geteuid() == 0 ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"] : []

    /// An empty database cluster, made once: making one takes seconds.
    private static let template = Task {
        guard access(binaries + "/initdb", X_OK) == 0 else {
            throw TestFailure("no \(binaries)/initdb: apt-get install postgresql-15")
        }
        let folder = try ScratchFolder()
        if geteuid() == 0 { try await Shell.output("chown", "postgres:", folder.path) }
        try await Shell.output(
            asPostgres + [
                binaries + "/initdb", "-D", folder.path + "/data", "-U", "postgres", "-A", "trust", "--no-sync",
            ])
        return folder
    }

    static func ready(_ guardian: Guardian, _ port: Int) async throws {
        try await eventually("the server answers", within: .seconds(20)) {
            guard guardian.isAlive else { throw TestFailure("the server ended") }
            return (try? await Shell.output(binaries + "/pg_isready", "-h", "127.0.0.1", "-p", "\(port)")) != nil
        }
    }
}
#endif
