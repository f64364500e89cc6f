import Foundation

/// Certificates made by `openssl` for one test: an authority, a server for localhost, a client.
package final class TestCertificates: Sendable {
    package struct Pair: Sendable {
        package let certificate: String
        package let key: String
    }

    package let authority: String
    package let server: Pair
    package let client: Pair
    private let folder: ScratchFolder

    /// - Parameters:
    ///   - names: what the server's certificate is for.
    ///   - days: how long it is good.
    package init(names: String = "DNS:localhost,IP:127.0.0.1", days: Int = 2) async throws {
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
                "-CAcreateserial", "-days", "\(days)", "-extfile", base + ".ext", "-out", base + ".pem")
            return Pair(certificate: base + ".pem", key: base + ".key")
        }
        self.folder = folder
        authority = path + "/ca.pem"
        server = try await pair("server")
        client = try await pair("client")
    }
}
