public import Holdfast

/// What a URL says about a store: its kind, where it is, and its options.
///
/// `sqlite:///var/lib/app/locks.db?prefix=app%2F` or `memory://`. Options are query parameters: `names=encoded` (the
/// default) or `names=raw` says how keys become names in the store, `prefix=` what stands before them. An unknown
/// option is an error, and so is a kind that this build does not have.
public struct StoreURL: Sendable, Hashable {
    /// The kinds of store that this build has.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// This process's memory: for tests and measurements.
        case memory
        #if SQLite
        /// A file that the processes of one machine share.
        case sqlite
        #endif
    }

    /// The longest URL, in bytes.
    public static let bytesLimit = 8192

    public let kind: Kind
    /// The file, for kinds that are one; else empty.
    public let path: String
    /// Stands before every key in the store.
    public let prefix: String

    init(kind: Kind, path: String, prefix: String = "") {
        self.kind = kind
        self.path = path
        self.prefix = prefix
    }

    /// Reads a URL.
    ///
    /// - Throws: ``LockError/Code/invalidArgument`` with what to write instead. Credentials never appear in it.
    public init(_ text: String) throws(LockError) {
        guard text.utf8.count <= Self.bytesLimit else {
            throw LockError(.invalidArgument, "a store URL has at most \(Self.bytesLimit) bytes")
        }
        guard let colon = text.firstIndex(of: ":") else {
            throw LockError(
                .invalidArgument, "a store is a URL, such as sqlite:///var/lib/app/locks.db; not a bare path")
        }
        let scheme = text[..<colon].lowercased()
        guard let kind = Kind(rawValue: scheme) else {
            let known = Kind.allCases.map { "\($0.rawValue)://" }.joined(separator: ", ")
            throw LockError(
                .invalidArgument, "no store of kind \(scheme.debugDescription) in this build; it has \(known)")
        }
        let rest = text[text.index(after: colon)...].split(
            separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let options = try Self.options(rest.count > 1 ? rest[1] : "", kind)
        let path = try Self.decode(rest.first ?? "")
        switch kind {
        case .memory:
            guard path.isEmpty || path == "//" else {
                throw LockError(.invalidArgument, "write memory://, with nothing behind it")
            }
            self.init(kind: kind, path: "", prefix: options)
        #if SQLite
        case .sqlite:
            guard path.hasPrefix("///"), path.utf8.count > 3, !path.hasSuffix("/") else {
                throw LockError(
                    .invalidArgument,
                    "write sqlite:///path/to/locks.db, with three slashes and an absolute path of a file")
            }
            self.init(kind: kind, path: String(path.dropFirst(2)), prefix: options)
        #endif
        }
    }

    /// - Returns: the prefix.
    private static func options(_ query: Substring, _ kind: Kind) throws(LockError) -> String {
        var prefix = ""
        var seen: Set<String> = []
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try decode(halves[0])
            let value = halves.count > 1 ? try decode(halves[1]) : ""
            guard seen.insert(name).inserted else {
                throw LockError(.invalidArgument, "the option \(name.debugDescription) is given twice")
            }
            switch name {
            case "prefix" where kind != .memory:
                if !value.isEmpty { _ = try LockKey(value) }
                prefix = value
            case "names":
                // Both kinds keep keys byte for byte: encoded and raw are one.
                guard value == "encoded" || value == "raw" else {
                    throw LockError(.invalidArgument, "names is encoded or raw, not \(value.debugDescription)")
                }
            default:
                throw LockError(
                    .invalidArgument,
                    "\(kind.rawValue):// has no option \(name.debugDescription)")
            }
        }
        return prefix
    }

    private static func decode(_ text: Substring) throws(LockError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
                throw LockError(
                    .invalidArgument, "a % in a store URL begins two hexadecimal digits; write %25 for itself")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw LockError(.invalidArgument, "a store URL is UTF-8 without NUL")
        }
        return decoded
    }
}

extension StoreURL: CustomStringConvertible {
    /// For messages: without options, and without what could be a secret.
    public var description: String { path.isEmpty ? "\(kind.rawValue)://" : "\(kind.rawValue)://\(path)" }
}
