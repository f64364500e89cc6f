/// A backend that does not keep the contract: which check failed, and what was seen instead.
public struct ConformanceFailure: Error, Sendable, CustomStringConvertible {
    public let text: String

    public init(_ text: String) { self.text = text }

    public var description: String { text }
}

func require(_ condition: Bool, _ text: @autoclosure () -> String) throws {
    guard condition else { throw ConformanceFailure(text()) }
}
