#if MySQL
import Foundation
import Glibc
import ServerKit
import Testing

@testable import HoldfastMySQL

/// A real server on a free port, in a folder of its own; gone with this object, and with the test process.
final class MySQLServer: Sendable {
    /// Debian's, or the one that `HOLDFAST_TEST_MYSQLD` names: MySQL's or MariaDB's.
    static let binary = ProcessInfo.processInfo.environment["HOLDFAST_TEST_MYSQLD"] ?? "/usr/sbin/mariadbd"
    /// MariaDB's, which fills the folder of data.
    static let installer =
        ProcessInfo.processInfo.environment["HOLDFAST_TEST_MYSQL_INSTALL"] ?? "/usr/bin/mariadb-install-db"

    /// Takes no encrypted sessions.
    static let withoutTLS = binary.contains("maria") ? "--skip-ssl" : "--tls-version="

    let folder: ScratchFolder
    let port: Int
    private let guardian: Guardian

    var pid: pid_t { guardian.pid }
    var socket: String { folder.path + "/socket" }

    /// - Parameters:
    ///   - files: copied to where the server may read them; options name them `%0`, `%1`, …
    ///   - options: further options of the server.
    init(files: [String] = [], _ options: String...) async throws {
        let template = try await Self.template.value
        folder = try ScratchFolder()
        try await Shell.output("cp", "-a", template.path + "/data", folder.path + "/data")
        for (index, file) in files.enumerated() { try await Shell.output("cp", file, folder.path + "/\(index)") }
        let path = folder.path
        let options = options.map { $0.replacingOccurrences(of: "%", with: path + "/") }
        if geteuid() == 0 { try await Shell.output("chown", "-R", "nobody:nogroup", folder.path) }
        var last: (any Error)?
        // Somebody else may take the free port first.
        for _ in 0..<5 {
            let port = try FreePort.find()
            let words =
                Self.asNobody + [
                    Self.binary, "--no-defaults", "--datadir=\(folder.path)/data", "--port=\(port)",
                    "--bind-address=127.0.0.1", "--socket=\(folder.path)/socket", "--pid-file=\(folder.path)/pid",
                    "--log-error=\(folder.path)/log", "--innodb-buffer-pool-size=32M", "--skip-name-resolve",
                    // A server that starts deletes what others have in a folder that they share.
                    "--tmpdir=\(folder.path)", "--loose-mysqlx=OFF",
                ] + options
            let guardian = Guardian("/usr/bin/env", words)
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

    func start() async throws {
        try guardian.start()
        try await Self.ready(guardian, port)
    }

    /// The server's superuser, without a password or encryption.
    var configuration: MySQLConfiguration { Self.configuration(port) }

    private static func configuration(_ port: Int) -> MySQLConfiguration {
        var configuration = MySQLConfiguration(host: "127.0.0.1", port: port, database: "test")
        configuration.credentials = .init(user: "root")
        return configuration
    }

    func session() async throws -> MySQLSession {
        try await MySQLDialer(configuration: configuration).open().session
    }

    /// The server refuses root: it runs as nobody.
    private static let asNobody =
        geteuid() == 0 ? ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups"] : []

    /// Fresh system tables and an empty database, made once: making them takes seconds.
    private static let template = Task {
        guard access(binary, X_OK) == 0 else { throw TestFailure("no \(binary): apt-get install mariadb-server-core") }
        let folder = try ScratchFolder()
        if geteuid() == 0 { try await Shell.output("chown", "nobody:nogroup", folder.path) }
        let data = "--datadir=\(folder.path)/data"
        if try await Shell.output(binary, "--version").contains("MariaDB") {
            try await Shell.output(
                asNobody + [installer, "--no-defaults", data, "--auth-root-authentication-method=normal"])
        } else {
            let start = folder.path + "/start.sql"
            let lines = [
                "CREATE DATABASE test;", "CREATE USER root@'127.0.0.1';",
                "GRANT ALL ON *.* TO root@'127.0.0.1' WITH GRANT OPTION;",
            ]
            try lines.joined(separator: "\n").write(toFile: start, atomically: true, encoding: .utf8)
            try await Shell.output(
                asNobody + [binary, "--no-defaults", "--initialize-insecure", data, "--init-file=\(start)"])
        }
        return folder
    }

    private static func ready(_ guardian: Guardian, _ port: Int) async throws {
        try await eventually("the server answers", within: .seconds(30)) {
            guard guardian.isAlive else { throw TestFailure("the server ended") }
            guard let opened = try? await MySQLDialer(configuration: configuration(port)).open() else { return false }
            await opened.session.close()
            return true
        }
    }
}
#endif
