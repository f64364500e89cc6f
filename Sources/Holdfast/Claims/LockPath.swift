/// A resource in a hierarchy: `"users" / "42" / "profile"`. A lock on it covers everything below it.
///
/// A claim on a path is one claim on several keys: the path itself, and each of its ancestors in an intention mode, so
/// that a lock on an ancestor and one below it find each other. It is placed at one point in the order, like all
/// claims on several keys, and costs the round trips of a claim on one.
///
/// A component is text without `/`, not empty, and neither `.` nor `..`; the components, joined by `/`, are a
/// ``LockKey``. A component from outside cannot reach into another branch: it is checked when the path is used, where
/// a bad one throws ``LockError/Code/invalidKey``.
public struct LockPath: Sendable {
    /// The most components.
    public static let depthLimit = 16

    /// How a path is locked.
    public enum Access: Sendable, Hashable, CaseIterable {
        /// Together with other readers of it and of all below.
        case shared
        /// Beside the readers who were there before, and nobody who comes later: for who reads and will perhaps write
        /// (``Lease/withUpgrade(wait:_:)``).
        case upgradeable
        /// Alone, with all below.
        case exclusive
    }

    /// From the root on.
    public let components: [String]

    /// Makes a path of one component or of several.
    public init(_ components: [String]) { self.components = components }

    /// Makes a path of one component, the root of others.
    public init(_ component: String) { components = [component] }

    /// Lets a path be written as `LockPath("users" / "42")`.
    public init(_ path: LockPath) { components = path.components }

    /// Makes a path of text in which `/` separates the components, such as a command's argument.
    public init(separating text: String) {
        components = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).map {
            String(Substring($0))
        }
    }

    /// The path's component under `parent`.
    public static func / (parent: LockPath, component: String) -> LockPath {
        LockPath(parent.components + [component])
    }

    /// The path as a key: what listings show, and what its record is named.
    ///
    /// - Throws: ``LockError/Code/invalidKey``.
    public func key() throws(LockError) -> LockKey {
        try validate()
        return try LockKey(text)
    }

    /// What a claim on the path consists of: the path, and its ancestors in an intention mode.
    ///
    /// Parts of several paths, and of plain keys that are no part of any path, may be in one claim: see
    /// ``parts(of:)``.
    ///
    /// - Parameter access: exclusive by default.
    /// - Throws: ``LockError/Code/invalidKey``.
    public func parts(for access: Access = .exclusive) throws(LockError) -> [Claim.Part] {
        try Self.parts(of: [(self, access)])
    }

    /// What one claim on several paths consists of. A key that several want gets the weakest mode that gives all.
    ///
    /// - Throws: ``LockError/Code/invalidKey``.
    public static func parts(of paths: [(path: LockPath, access: Access)]) throws(LockError) -> [Claim.Part] {
        var modes: [LockKey: PathMode] = [:]
        for (path, access) in paths {
            let key = try path.key()
            for ancestor in path.ancestors {
                modes[ancestor] = modes[ancestor]?.joined(with: access.onAncestors) ?? access.onAncestors
            }
            modes[key] = modes[key]?.joined(with: access.mode) ?? access.mode
        }
        return modes.map { Claim.Part($0.key, .path($0.value)) }.sorted { $0.key < $1.key }
    }

    private var text: String { components.joined(separator: "/") }

    /// From the root on, without the path itself.
    private var ancestors: [LockKey] {
        components.indices.dropFirst().map { LockKey(unchecked: components[..<$0].joined(separator: "/")) }
    }

    private func validate() throws(LockError) {
        guard !components.isEmpty, components.count <= Self.depthLimit else {
            throw LockError(
                .invalidKey,
                "a path has 1 to \(Self.depthLimit) components; \(text.debugDescription) has "
                    + "\(components.count)")
        }
        for component in components {
            guard !component.isEmpty, component != ".", component != ".." else {
                throw LockError(
                    .invalidKey, "a path's component is neither empty nor \".\" nor \"..\": \(text.debugDescription)")
            }
            guard !component.utf8.contains(UInt8(ascii: "/")) else {
                throw LockError(
                    .invalidKey,
                    "a path's component contains no \"/\": \(component.debugDescription); write \"a\" / \"b\"")
            }
        }
    }

    /// Whether everything that a lock on one key of paths covers has the other in it, the key itself aside.
    package static func isAncestor(_ key: LockKey, of other: LockKey) -> Bool {
        other.text.utf8.count > key.text.utf8.count && other.text.utf8.starts(with: (key.text + "/").utf8)
    }
}

extension LockPath.Access {
    package var mode: PathMode {
        switch self {
        case .shared: .shared
        case .upgradeable: .upgradeable
        case .exclusive: .exclusive
        }
    }

    /// Who may come to write below announces it from the beginning: an ancestor's reader could not be waited for later.
    package var onAncestors: PathMode { self == .shared ? .intentionShared : .intentionExclusive }
}

extension LockPath: Hashable {
    /// As keys are compared: by bytes.
    public static func == (lhs: LockPath, rhs: LockPath) -> Bool {
        lhs.components.elementsEqual(rhs.components) { $0.utf8.elementsEqual($1.utf8) }
    }

    public func hash(into hasher: inout Hasher) { hasher.combine(LockKey(unchecked: text)) }
}

extension LockPath: ExpressibleByStringLiteral, CustomStringConvertible {
    /// One component.
    public init(stringLiteral value: String) { components = [value] }
    public var description: String { text }
}
