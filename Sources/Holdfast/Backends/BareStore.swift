/// A backend that also makes the requests that its verbs come down to, without a claim: what `holdfast bench` compares
/// with.
package protocol BareStore: LockBackend {
    /// The requests of one uncontended cycle, on a name of this number's own.
    func bareCycle(_ number: UInt64) async throws(LockError)

    /// - Returns: how long it took from the request that wakes a waiter to its receipt by a task of this process.
    func barePush(_ number: UInt64) async throws(LockError) -> Duration
}

extension LockClient {
    /// The backend, where it can be measured without claims.
    package var bareStore: (any BareStore)? { backend as? any BareStore }
}
