#if Redis
/// An array, a map, or the like, of which some elements are still to come.
struct RESPAggregate {
    enum Kind: UInt8 {
        case array = 0x2A  // *
        case set = 0x7E  // ~
        case map = 0x25  // %
        case push = 0x3E  // >
        case attribute = 0x7C  // |
    }

    /// Not reserved beyond this on the word of a length alone.
    private static let reserveLimit = 1024

    let kind: Kind
    private(set) var missing: Int
    private var elements: [RESPValue] = []

    init(_ kind: Kind, _ length: Int) {
        self.kind = kind
        missing = kind == .map || kind == .attribute ? 2 * length : length
        elements.reserveCapacity(min(missing, Self.reserveLimit))
    }

    mutating func add(_ value: RESPValue) {
        elements.append(value)
        missing -= 1
    }

    /// What it is when nothing is missing; `nil` for an attribute, which says something about the next value.
    var value: RESPValue? {
        switch kind {
        case .array, .set: .array(elements)
        case .map: .map(elements)
        case .push: .push(elements)
        case .attribute: nil
        }
    }
}
#endif
