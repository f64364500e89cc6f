import Holdfast

/// The query of a store URL: each option is taken once, and what nobody takes is an error.
struct StoreOptions {
    private var values: [String: String] = [:]

    init(_ query: Substring) throws(LockError) {
        for pair in query.split(separator: "&") {
            let halves = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let name = try PercentText.decode(halves[0])
            let value = halves.count > 1 ? try PercentText.decode(halves[1]) : ""
            guard values.updateValue(value, forKey: name) == nil else {
                throw LockError(.invalidArgument, "the option \(name.debugDescription) is given twice")
            }
        }
    }

    mutating func take(_ name: String) -> String? { values.removeValue(forKey: name) }

    /// What stands before every key.
    mutating func takePrefix() throws(LockError) -> String? {
        guard let prefix = take("prefix") else { return nil }
        if !prefix.isEmpty { _ = try LockKey(prefix) }
        return prefix
    }

    /// Whether keys become names as they are; `nil` where nothing is said.
    mutating func takeRawNames() throws(LockError) -> Bool? {
        switch take("names") {
        case nil: nil
        case "raw"?: true
        case "encoded"?: false
        case let other?: throw LockError(.invalidArgument, "names is encoded or raw, not \(other.debugDescription)")
        }
    }

    /// One of the words of an enumeration.
    mutating func takeWord<Word>(_ name: String, _ type: Word.Type) throws(LockError) -> Word?
    where Word: RawRepresentable<String> & CaseIterable {
        guard let text = take(name) else { return nil }
        if let word = Word(rawValue: text) { return word }
        let known = Word.allCases.map(\.rawValue).joined(separator: " or ")
        throw LockError(.invalidArgument, "\(name) is \(known), not \(text.debugDescription)")
    }

    /// `250ms` or `2s`.
    mutating func takeDuration(_ name: String) throws(LockError) -> Duration? {
        guard let text = take(name) else { return nil }
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let unit: Duration? =
            switch text.dropFirst(digits.count) {
            case "ms": .milliseconds(1)
            case "s": .seconds(1)
            default: nil
            }
        if let unit, let number = Int32(digits), number > 0, unit * Int(number) <= Self.longest {
            return unit * Int(number)
        }
        throw LockError(.invalidArgument, "\(name) is a time such as 250ms or 2s, not \(text.debugDescription)")
    }

    mutating func takeCount(_ name: String, _ range: ClosedRange<Int>) throws(LockError) -> Int? {
        guard let text = take(name) else { return nil }
        guard let number = Int(text), range ~= number else {
            throw LockError(
                .invalidArgument,
                "\(name) is a number from \(range.lowerBound) to \(range.upperBound), not \(text.debugDescription)")
        }
        return number
    }

    /// - Throws: ``LockError/Code/invalidArgument`` where an option is left.
    func finish(_ kind: StoreURL.Kind) throws(LockError) {
        guard let name = values.keys.min() else { return }
        throw LockError(.invalidArgument, "\(kind.rawValue):// has no option \(name.debugDescription)")
    }

    private static let longest: Duration = .seconds(600)
}
