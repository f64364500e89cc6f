/// What `once` answers.
public struct OnceResult<Value: Sendable>: Sendable {
    /// The result that is recorded: the same for all callers.
    public let value: Value
    /// Whether this call ran the body, and not an earlier one.
    public let ranNow: Bool

    package init(value: Value, ranNow: Bool) {
        self.value = value
        self.ranNow = ranNow
    }
}

extension OnceResult: Equatable where Value: Equatable {}
