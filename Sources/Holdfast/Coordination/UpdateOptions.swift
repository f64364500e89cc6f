/// How far an optimistic update goes before it gives up.
public struct UpdateOptions: Sendable, Hashable {
    /// How many conflicting writes are tried at most: 50. Then ``LockError/Code/conflict`` is thrown.
    public var attemptsLimit: Int
    /// After how many conflicts the lock of the same key is taken; never, by default.
    ///
    /// Under the lock it still compares and swaps: others who update the key need not take it. But those who do, come
    /// one at a time, in the order of their coming.
    public var locksAfter: Int?
    /// How long that lock is waited for; for ever by default.
    public var lockWait: Wait

    /// - Parameters:
    ///   - attemptsLimit: 1 to 1,000; 50 by default.
    ///   - locksAfter: from 1; `nil`, the default, takes no lock.
    ///   - lockWait: for how long that lock is waited for; for ever by default.
    public init(attemptsLimit: Int = 50, locksAfter: Int? = nil, lockWait: Wait = .forever) {
        self.attemptsLimit = attemptsLimit
        self.locksAfter = locksAfter
        self.lockWait = lockWait
    }

    static let attemptsRange = 1...1_000

    func validate() throws(LockError) {
        guard Self.attemptsRange.contains(attemptsLimit) else {
            throw LockError(
                .invalidArgument,
                "attemptsLimit is \(Self.attemptsRange.lowerBound) to \(Self.attemptsRange.upperBound); "
                    + "\(attemptsLimit) was asked for")
        }
        if let locksAfter, locksAfter < 1 {
            throw LockError(.invalidArgument, "locksAfter counts conflicts, from 1; \(locksAfter) was asked for")
        }
    }
}
