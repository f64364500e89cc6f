import Holdfast
import HoldfastTesting
import Synchronization

/// Gives out views of one backend, of which the first runs it.
final class OnceRunner: Sendable {
    private let backend: any LockBackend
    private let isFirst = Mutex(true)

    init(_ backend: any LockBackend) { self.backend = backend }

    func view() -> any LockBackend {
        let isFirst = isFirst.withLock { isFirst in
            defer { isFirst = false }
            return isFirst
        }
        return isFirst ? backend : BackendView(backend)
    }
}
