#if ZooKeeper

/// A transaction of the user's own, which ZooKeeper executes only while a claim is held.
///
/// ```swift
/// try await locks.withLock("orders/42") { lease in
///     let write = ZooKeeperTransaction([.set("/orders/42", "paid")], if: [.version("/orders/42", equals: 3)])
///     let outcome = try await zookeeper.guarded(write, by: lease)
/// }
/// ```
///
/// Whoever was paused past its deadline changes nothing any more: the resource itself refuses. Paths are the store's
/// own, from the chroot on, outside of the prefix of the claims.
public struct ZooKeeperTransaction: Sendable, Hashable {
    /// One change. A version is what the node must have; `nil` for any.
    public enum Change: Sendable, Hashable {
        /// Makes a persistent node, with the access list that the configuration's says; its parent must be there.
        case create(String, [UInt8])
        case set(String, [UInt8], version: Int32? = nil)
        /// Deletes a node that has no children.
        case delete(String, version: Int32? = nil)

        /// Makes a node with a text.
        public static func create(_ path: String, _ text: String) -> Change { .create(path, Array(text.utf8)) }
        /// Writes a text.
        public static func set(_ path: String, _ text: String, version: Int32? = nil) -> Change {
            .set(path, Array(text.utf8), version: version)
        }
    }

    /// What must be true of a node, beside the claim's being held.
    public enum Condition: Sendable, Hashable {
        case exists(String)
        /// Its data was changed so often.
        case version(String, equals: Int32)
    }

    /// What became of a transaction whose claim was held.
    public enum Outcome: Sendable, Hashable {
        /// All changes were made, by this transaction of the store.
        case done(zxid: Int64)
        /// A condition was not met, or a change could not be made to the nodes as they are: nothing was changed.
        case unmet
    }

    /// Made together, in this order.
    public var changes: [Change]
    /// All must be true, before the changes.
    public var conditions: [Condition]

    public init(_ changes: [Change], if conditions: [Condition] = []) {
        self.changes = changes
        self.conditions = conditions
    }
}
#endif
