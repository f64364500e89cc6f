import Holdfast

/// What stands behind the scheme of a network store: `//[user[:password]@]place[/path]`.
struct StoreAuthority {
    /// Decoded; `nil` where the URL names nobody.
    let user: String?
    /// Decoded; `nil` where the URL says none, and the environment may.
    let password: String?
    /// One host with its port, or several.
    let place: Substring
    let path: Substring

    /// - Parameters:
    ///   - rest: behind the scheme and its colon, without the query. Never shown: it may hold a secret.
    ///   - malformed: what to say of anything else.
    init(_ rest: Substring, _ malformed: LockError) throws(LockError) {
        guard rest.hasPrefix("//") else { throw malformed }
        let behind = rest.dropFirst(2)
        let authority = behind.prefix { $0 != "/" }
        path = behind.dropFirst(authority.count)
        guard !path.contains("@") else {
            throw LockError(
                .invalidArgument, "an @ behind the host: in a user or password write / as %2F, ? as %3F, @ as %40")
        }
        guard let at = authority.lastIndex(of: "@") else {
            place = authority
            user = nil
            password = nil
            return
        }
        place = authority[authority.index(after: at)...]
        let halves = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        user = try PercentText.decode(halves[0])
        password = halves.count > 1 ? try PercentText.decode(halves[1]) : nil
    }

    /// `host`, `host:port` or `[address]:port`.
    static func host(_ text: Substring, _ malformed: LockError) throws(LockError) -> (name: String, port: Int?) {
        var host = text
        var port: Substring?
        if text.first == "[" {
            guard let end = text.firstIndex(of: "]") else { throw malformed }
            host = text[text.index(after: text.startIndex)..<end]
            let rest = text[text.index(after: end)...]
            guard rest.isEmpty || rest.first == ":", host.contains(":") else { throw malformed }
            port = rest.isEmpty ? nil : rest.dropFirst()
        } else if let colon = text.firstIndex(of: ":") {
            host = text[..<colon]
            port = text[text.index(after: colon)...]
        }
        let isPlain = host.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
            default: "-._:".utf8.contains(byte)
            }
        }
        guard !host.isEmpty, isPlain else { throw malformed }
        guard let port else { return (String(host), nil) }
        guard let number = UInt16(port), number > 0 else {
            throw LockError(
                .invalidArgument,
                "a port is a number from 1 to 65535; an IPv6 address stands in [brackets], and in a user or password "
                    + "write / as %2F, ? as %3F, @ as %40")
        }
        return (String(host), Int(number))
    }
}
