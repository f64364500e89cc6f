import CHoldfastProcess

/// Zeroed words of memory that forked processes share.
///
/// Unlike a pipe it is never full and always says the newest: a front that was stopped for an hour reads one deadline.
// Sendable though it holds a pointer: the memory is never unmapped, and every access is bounds-checked and atomic.
struct SharedWords: @unchecked Sendable {
    private let words: UnsafeMutablePointer<Int64>
    let count: Int

    init(count: Int) throws(Failure) {
        guard let words = hf_shared_words(count) else { throw Failure(.internalError, "no shared memory") }
        self.words = words
        self.count = count
    }

    subscript(index: Int) -> Int64 {
        get {
            precondition(index >= 0 && index < count, "no such word")
            return hf_load(words + index)
        }
        nonmutating set {
            precondition(index >= 0 && index < count, "no such word")
            hf_store(words + index, newValue)
        }
    }

    @discardableResult
    func add(_ value: Int64, at index: Int) -> Int64 {
        precondition(index >= 0 && index < count, "no such word")
        return hf_add(words + index, value)
    }
}
