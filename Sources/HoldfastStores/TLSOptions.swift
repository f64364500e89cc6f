import Holdfast

/// What a URL's options say about TLS, the same for every network store.
struct TLSOptions {
    let authorityFile: String?
    let certificateFile: String?
    let keyFile: String?
    let serverName: String?
    let verifies: Bool

    init(_ options: inout StoreOptions) throws(LockError) {
        authorityFile = try Self.file("tls-ca", &options)
        certificateFile = try Self.file("tls-cert", &options)
        keyFile = try Self.file("tls-key", &options)
        serverName = options.take("tls-name")
        guard (certificateFile == nil) == (keyFile == nil) else {
            throw LockError(.invalidArgument, "tls-cert= and tls-key= go together")
        }
        switch options.take("tls-verify") {
        case nil, "full": verifies = true
        case "none": verifies = false
        default: throw LockError(.invalidArgument, "tls-verify is full, or none, which trusts anybody")
        }
    }

    private static func file(_ name: String, _ options: inout StoreOptions) throws(LockError) -> String? {
        guard let path = options.take(name) else { return nil }
        guard path.hasPrefix("/") else {
            throw LockError(
                .invalidArgument, "\(name) is the absolute path of a PEM file, not \(path.debugDescription)")
        }
        return path
    }
}
