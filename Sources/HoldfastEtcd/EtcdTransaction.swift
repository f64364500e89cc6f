#if Etcd

/// A transaction of the user's own, which etcd executes only while a claim is held.
///
/// ```swift
/// try await locks.withLock("orders/42") { lease in
///     let write = EtcdTransaction([.put("orders/42/state", "paid")], if: [.value("orders/42/state", equals: "open")])
///     let outcome = try await etcd.guarded(write, by: lease)
/// }
/// ```
///
/// Whoever was paused past its deadline changes nothing any more: the resource itself refuses. Keys are the store's
/// own, as they are, outside of the prefix of the claims.
public struct EtcdTransaction: Sendable, Hashable {
    /// One change.
    public enum Change: Sendable, Hashable {
        case put([UInt8], [UInt8])
        case delete([UInt8])

        /// Writes a text.
        public static func put(_ key: String, _ value: String) -> Change { .put(Array(key.utf8), Array(value.utf8)) }
        public static func delete(_ key: String) -> Change { .delete(Array(key.utf8)) }
    }

    /// What must be true of a key, beside the claim's being held.
    public enum Condition: Sendable, Hashable {
        case value([UInt8], equals: [UInt8])
        /// Not changed since this revision; at 0 it must not exist.
        case revision([UInt8], equals: Int64)

        /// Compares with a text.
        public static func value(_ key: String, equals value: String) -> Condition {
            .value(Array(key.utf8), equals: Array(value.utf8))
        }
        public static func revision(_ key: String, equals revision: Int64) -> Condition {
            .revision(Array(key.utf8), equals: revision)
        }
        /// There is no such key.
        public static func absent(_ key: String) -> Condition { .revision(key, equals: 0) }
    }

    /// What became of a transaction whose claim was held.
    public enum Outcome: Sendable, Hashable {
        /// All changes were made, at this revision.
        case done(revision: Int64)
        /// One of its own conditions was not met: nothing was changed.
        case unmet
    }

    /// Made together, each key at most once.
    public var changes: [Change]
    /// All must be true.
    public var conditions: [Condition]

    public init(_ changes: [Change], if conditions: [Condition] = []) {
        self.changes = changes
        self.conditions = conditions
    }
}
#endif
