/// Who claims, in a form that an operator can read: shown by `holdfast ls` and in error messages.
///
/// Owners are for people. Identity is the claim's id.
public struct Owner: Sendable {
    /// The longest label, in bytes of UTF-8.
    public static let labelBytesLimit = 256

    /// All claims of a process share one owner: one reference each.
    private final class Body: Sendable {
        let host: String
        let processID: Int32
        let program: String
        let label: String

        init(host: String, processID: Int32, program: String, label: String) {
            self.host = host
            self.processID = processID
            self.program = program
            self.label = label
        }
    }
    private let body: Body

    public var host: String { body.host }
    public var processID: Int32 { body.processID }
    public var program: String { body.program }
    /// What the caller says of itself; empty by default.
    public var label: String { body.label }

    public init(host: String, processID: Int32, program: String, label: String = "") {
        body = Body(host: host, processID: processID, program: program, label: label)
    }

    func labelled(_ label: String) -> Owner {
        Owner(host: host, processID: processID, program: program, label: label)
    }
}

extension Owner: Hashable {
    public static func == (lhs: Owner, rhs: Owner) -> Bool {
        lhs.body === rhs.body
            || (lhs.host, lhs.processID, lhs.program, lhs.label) == (rhs.host, rhs.processID, rhs.program, rhs.label)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(host)
        hasher.combine(processID)
        hasher.combine(program)
        hasher.combine(label)
    }
}

extension Owner: CustomStringConvertible {
    public var description: String {
        let place = "\(program)[\(processID)]@\(host)"
        return label.isEmpty ? place : "\(label) (\(place))"
    }
}
