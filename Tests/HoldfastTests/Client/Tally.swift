import Synchronization

/// A number that many tasks change.
final class Tally: Sendable {
    private let value = Atomic(0)

    @discardableResult
    func add(_ step: Int) -> Int { value.add(step, ordering: .sequentiallyConsistent).newValue }
    var now: Int { value.load(ordering: .sequentiallyConsistent) }
}
