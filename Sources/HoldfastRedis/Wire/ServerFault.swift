#if Redis
import Holdfast

/// What the server's errors mean, where they mean the same for every command.
///
/// Never `busy`: a server that cannot do what it was asked has not said that a lock is held.
enum ServerFault {
    /// - Returns: `nil` for errors that are the caller's to judge: NOSCRIPT, WRONGTYPE, what scripts say themselves.
    static func error(for text: String) -> LockError? {
        let text = unwrapped(text)
        let code = text.prefix { $0 != " " }
        if text.contains(tooManyClients) {
            return unavailable("the server has as many clients as it allows (maxclients): raise it, or close some")
        }
        guard let known = table[String(code)] else { return nil }
        return LockError(known.code, "\(known.message) (Redis: \(shortened(text)))")
    }

    /// Any error, where the caller expects none.
    static func anyError(for text: String) -> LockError {
        error(for: text) ?? LockError(.unavailable, "Redis refused a command: \(shortened(unwrapped(text)))")
    }

    /// Errors behind which the server closes the connection, or we do: the server is a replica now, and another
    /// connection may find the master.
    static func endsConnection(_ text: String) -> Bool {
        text.hasPrefix("DENIED") || text.contains(tooManyClients) || unwrapped(text).hasPrefix("READONLY")
    }

    private static let tooManyClients = "max number of clients"

    private struct Known {
        let code: LockError.Code
        let message: String
    }

    private static let table: [String: Known] = [
        "READONLY": Known(code: .unavailable, message: "the server is a replica and takes no writes: name its master"),
        "LOADING": Known(code: .unavailable, message: "the server is reading its data: it starts just now"),
        "OOM": Known(code: .unavailable, message: "the server is out of memory: raise maxmemory, or free some"),
        "MISCONF": Known(code: .unavailable, message: "the server cannot save to its disk and takes no writes"),
        "BUSY": Known(code: .unavailable, message: "a script of another client occupies the server"),
        "MASTERDOWN": Known(code: .unavailable, message: "the server is a replica whose master is down"),
        "NOREPLICAS": Known(code: .unavailable, message: "the server wants more replicas before it takes writes"),
        "CLUSTERDOWN": Known(code: .unavailable, message: "the cluster is down, or does not serve all slots"),
        "TRYAGAIN": Known(code: .unavailable, message: "the keys are being moved within the cluster"),
        "EXECABORT": Known(code: .unavailable, message: "the server refused a transaction"),
        "NOAUTH": Known(code: .denied, message: "the server wants a password: give user and password"),
        "WRONGPASS": Known(code: .denied, message: "the server knows no such user and password"),
        "NOPERM": Known(code: .denied, message: "the user lacks a permission: see the server's ACL"),
        "DENIED": Known(
            code: .denied, message: "the server's protected mode takes no clients from elsewhere: give it a password"),
        "MOVED": Known(code: .unsupported, message: "this is a node of a cluster, and the key is on another node"),
        "ASK": Known(code: .unsupported, message: "this is a node of a cluster, and the key is moving to another"),
        "CROSSSLOT": Known(
            code: .unsupported, message: "keys of one claim must be in one slot of a cluster: give them a {hash tag}"),
    ]

    private static func unavailable(_ message: String) -> LockError { LockError(.unavailable, message) }

    /// Servers before 7 wrap what a script's command says: `ERR Error running script (…): @user_script:1: -OOM …`.
    private static func unwrapped(_ text: String) -> String {
        guard text.hasPrefix("ERR Error running script") else { return text }
        // The innermost message stands behind the last colon and space that a dash and a code follow.
        var rest = text[...]
        while let colon = rest.firstIndex(of: ":") {
            rest = rest[rest.index(after: colon)...].drop { $0 == " " }
            let inner = rest.first == "-" ? rest.dropFirst() : rest
            if table[String(inner.prefix { $0 != " " })] != nil || inner.hasPrefix("WRONGTYPE") { return String(inner) }
        }
        return text
    }

    private static func shortened(_ text: String) -> String {
        text.count <= textLimit ? text : text.prefix(textLimit) + "…"
    }

    /// How much of the server's own words is passed on.
    private static let textLimit = 300
}
#endif
