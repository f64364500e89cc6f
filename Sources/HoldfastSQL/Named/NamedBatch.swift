package import Holdfast

/// A lock as a session is asked for it.
package struct NamedLock: Sendable, Hashable {
    package let name: String
    package let isShared: Bool

    package init(_ name: String, isShared: Bool = false) {
        self.name = name
        self.isShared = isShared
    }
}

/// What one request asks of a session's named locks: first what is let go and looked at, then what is tried or awaited.
package struct NamedBatch: Sendable {
    /// In seconds; `nil` where it stays.
    package var idleTimeout: Int?
    package var releases: [NamedLock] = []
    package var checks: [NamedLock] = []
    package var tries: [NamedLock] = []
    /// Whether what is tried is awaited.
    package var waits = false

    package init() {}

    /// What became of a try.
    package enum Try: Sendable, Equatable {
        case held(FencingToken)
        case busy
        /// The server says neither: it was broken off.
        case unknown
        /// The lock is there, but no token could be drawn.
        case tokenless
    }

    package struct Outcome: Sendable {
        /// Whether each was ours.
        package var releases: [Bool] = []
        package var checks: [Bool] = []
        package var tries: [Try] = []
        /// What ended the request early: nothing is known of the tries.
        package var fault: NamedFault?

        package init(fault: NamedFault? = nil) { self.fault = fault }

        /// The number that was missing, or why there is none. Locks of different names may share one.
        package mutating func fill(_ token: FencingToken?, _ fault: NamedFault?) {
            if let token { tries = tries.map { $0 == .tokenless ? .held(token) : $0 } } else { self.fault = fault }
        }
    }
}
