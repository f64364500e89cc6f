#if Etcd
import Holdfast
import Synchronization

/// What a child task found.
final class Found<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)

    var value: Value? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// What a call fails with.
func failure<R>(of body: () async throws(LockError) -> R) async -> LockError? {
    do throws(LockError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}
#endif
