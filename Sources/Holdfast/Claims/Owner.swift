/// Who claims, in a form that an operator can read: shown by `holdfast ls` and in error messages.
///
/// Owners are for people. Identity is the claim's id.
public struct Owner: Sendable, Hashable, Codable {
    /// The longest label, in bytes of UTF-8.
    public static let labelBytesLimit = 256

    public var host: String
    public var processID: Int32
    public var program: String
    /// What the caller says of itself; empty by default.
    public var label: String

    public init(host: String, processID: Int32, program: String, label: String = "") {
        self.host = host
        self.processID = processID
        self.program = program
        self.label = label
    }
}

extension Owner: CustomStringConvertible {
    public var description: String {
        let place = "\(program)[\(processID)]@\(host)"
        return label.isEmpty ? place : "\(label) (\(place))"
    }
}
