#if MySQL
import Holdfast

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
