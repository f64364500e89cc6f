import Synchronization

/// What tasks note, by name.
final class Log<Key: Hashable & Sendable, Value: Sendable>: Sendable {
    private let noted = Mutex<[Key: Value]>([:])

    func set(_ value: Value, for key: Key) { noted.withLock { $0[key] = value } }
    func value(for key: Key) -> Value? { noted.withLock { $0[key] } }

    func update<R: Sendable>(_ key: Key, _ body: (inout Value?) -> R) -> R { noted.withLock { body(&$0[key]) } }
}
