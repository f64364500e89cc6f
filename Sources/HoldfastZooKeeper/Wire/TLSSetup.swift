#if ZooKeeper
import Holdfast
import Logging
import NIOCore
import NIOSSL

/// What encrypts a connection; verified unless the configuration says otherwise.
struct TLSSetup: Sendable {
    private let context: NIOSSLContext
    private let name: String?

    /// `nil` where connections are plain text.
    init?(_ configuration: ZooKeeperConfiguration, _ logger: Logger?) throws(LockError) {
        guard let tls = configuration.tls else { return nil }
        var setup = TLSConfiguration.makeClientConfiguration()
        setup.minimumTLSVersion = .tlsv12
        if !tls.verifies {
            logger?.warning(
                "the server's certificate is not verified: anyone on the way can read and change what is sent",
                metadata: ["store": "\(configuration)"])
            setup.certificateVerification = .none
        }
        do {
            if let file = tls.authorityFile {
                setup.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            }
            if let file = tls.certificateFile {
                setup.certificateChain = try NIOSSLCertificate.fromPEMFile(file).map { .certificate($0) }
            }
            if let file = tls.keyFile {
                setup.privateKey = .privateKey(try NIOSSLPrivateKey(file: file, format: .pem))
            }
            context = try NIOSSLContext(configuration: setup)
        } catch {
            let files = [tls.authorityFile, tls.certificateFile, tls.keyFile].compactMap(\.self).joined(separator: ", ")
            throw LockError(
                .invalidArgument,
                "TLS cannot be set up from \(files): are they PEM files, and do key and certificate match?",
                cause: error)
        }
        name = tls.serverName
    }

    func handler(for host: String) throws -> NIOSSLClientHandler {
        try NIOSSLClientHandler(context: context, serverHostname: name ?? (Self.isAddress(host) ? nil : host))
    }

    /// An address is verified as such; TLS has no name for it.
    private static func isAddress(_ host: String) -> Bool { (try? SocketAddress(ipAddress: host, port: 0)) != nil }
}
#endif
