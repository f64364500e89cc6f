#if ZooKeeper
import Foundation

/// Certificates made by `openssl` for one test: an authority, a server for localhost, a client.
final class TestCertificates: Sendable {
    struct Pair: Sendable {
        let certificate: String
        let key: String
        /// The key and the certificate in one file.
        let both: String
    }

    let authority: String
    let server: Pair
    let client: Pair
    private let folder: ScratchFolder

    /// - Parameter names: what the server's certificate is for.
    init(names: String = "DNS:localhost,IP:127.0.0.1") async throws {
        let folder = try ScratchFolder()
        let path = folder.path
        try await Shell.output(
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
            "2", "-subj", "/CN=Holdfast test authority", "-keyout", path + "/ca.key", "-out", path + "/ca.pem")
        func pair(_ name: String) async throws -> Pair {
            let base = path + "/" + name
            try "subjectAltName=\(names)\n".write(toFile: base + ".ext", atomically: true, encoding: .utf8)
            try await Shell.output(
                "openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
                "/CN=\(name)", "-keyout", base + ".key", "-out", base + ".csr")
            try await Shell.output(
                "openssl", "x509", "-req", "-in", base + ".csr", "-CA", path + "/ca.pem", "-CAkey", path + "/ca.key",
                "-CAcreateserial", "-days", "2", "-extfile", base + ".ext", "-out", base + ".pem")
            let key = try String(contentsOfFile: base + ".key", encoding: .utf8)
            let certificate = try String(contentsOfFile: base + ".pem", encoding: .utf8)
            try (key + certificate).write(toFile: base + ".both.pem", atomically: true, encoding: .utf8)
            return Pair(certificate: base + ".pem", key: base + ".key", both: base + ".both.pem")
        }
        self.folder = folder
        authority = path + "/ca.pem"
        server = try await pair("server")
        client = try await pair("client")
    }
}
#endif
