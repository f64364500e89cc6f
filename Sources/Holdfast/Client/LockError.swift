/// What went wrong with a lock, written for the reader at three in the morning.
public struct LockError: Error, Sendable {
    /// What kind of failure it is. More codes may come; switch with a `default`.
    public struct Code: Sendable, Hashable, CustomStringConvertible {
        private enum Kind: String {
            case invalidKey, invalidArgument, unsupported, modeConflict, wouldDeadlock, deadlock, limitExceeded
            case busy, timedOut, conflict, leaseLost, staleToken, cancelled
            case unavailable, denied, storeUnusable, notRunning
        }
        private let kind: Kind
        private init(_ kind: Kind) { self.kind = kind }
        public var description: String { kind.rawValue }

        /// The key is empty, too long, not UTF-8, or contains control characters.
        public static let invalidKey = Code(.invalidKey)
        /// A parameter is out of its range.
        public static let invalidArgument = Code(.invalidArgument)
        /// This backend cannot do what was asked for; see ``BackendCapabilities``.
        public static let unsupported = Code(.unsupported)
        /// Permits beside another mode on one key, or two limits for one semaphore.
        public static let modeConflict = Code(.modeConflict)
        /// The owner already holds the key, so that waiting for it would never end.
        public static let wouldDeadlock = Code(.wouldDeadlock)
        /// Owners waited for one another, and this one gave way; its cause is a ``Deadlock`` where the library found
        /// it. Release what you hold, and begin again.
        public static let deadlock = Code(.deadlock)
        /// A bound of the client or of the backend is reached.
        public static let limitExceeded = Code(.limitExceeded)
        /// Another claim blocks the key, and the caller would not wait.
        public static let busy = Code(.busy)
        /// The key did not come free within the caller's wait.
        public static let timedOut = Code(.timedOut)
        /// Others changed the record first, as often as was tried. Nothing was changed.
        public static let conflict = Code(.conflict)
        /// The lock was lost before the critical section had ended.
        public static let leaseLost = Code(.leaseLost)
        /// A fence has seen a greater token: the lock was lost, and another has held it since.
        public static let staleToken = Code(.staleToken)
        /// The calling task was cancelled.
        public static let cancelled = Code(.cancelled)
        /// The backend cannot be reached or cannot answer; the outcome is unknown.
        public static let unavailable = Code(.unavailable)
        /// The backend refused for lack of permission.
        public static let denied = Code(.denied)
        /// What stands in the store is not Holdfast's, or of another version, or cannot be written.
        public static let storeUnusable = Code(.storeUnusable)
        /// The client's `run()` does not run.
        public static let notRunning = Code(.notRunning)
    }

    public var code: Code
    public var message: String
    public var key: LockKey?
    public var cause: (any Error)?

    public init(_ code: Code, _ message: String, key: LockKey? = nil, cause: (any Error)? = nil) {
        self.code = code
        self.message = message
        self.key = key
        self.cause = cause
    }

    /// Whether the same call may succeed later without anything being changed by the caller.
    public var isRetriable: Bool {
        code == .unavailable || code == .busy || code == .timedOut || code == .conflict
    }

    /// Whether the backend may have done what was asked, all the same.
    public var isOutcomeUnknown: Bool { code == .unavailable || code == .cancelled }
}

/// The cause of an error of a request that no server can have seen: there was no connection to send it by.
package struct NeverSent: Error, CustomStringConvertible {
    package let reason: LockError?
    package init(_ reason: LockError?) { self.reason = reason }
    package var description: String { reason.map { "\($0)" } ?? "nothing was sent" }
}

extension LockError {
    /// Whether nothing of the request has left this process: there is nothing to undo.
    package var wasNeverSent: Bool { cause is NeverSent }
}

extension LockError: CustomStringConvertible {
    public var description: String {
        var text = "\(code): \(message)"
        if let key { text += " [key \(key.text.debugDescription)]" }
        if let cause { text += " (\(cause))" }
        return text
    }
}
