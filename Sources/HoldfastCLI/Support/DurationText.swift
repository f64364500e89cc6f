import Holdfast

/// Durations as people write them: `500ms`, `1.5s`, `30` (seconds), `5m`, `2h`, `7d`.
enum DurationText {
    /// Ten years: beyond it a bound means nothing, and sums of times stay far from overflow.
    static let longest: Duration = .seconds(10 * 365 * 24 * 3600)

    private static let fractionDigitsLimit = 9
    private static let units: [(suffix: String, nanoseconds: Int64)] = [
        ("ms", 1_000_000), ("s", 1_000_000_000), ("m", 60_000_000_000), ("h", 3_600_000_000_000),
        ("d", 86_400_000_000_000),
    ]

    /// - Parameter option: what is wrong, for the message.
    static func parse(_ text: String, for option: String, allowsZero: Bool = false) throws(Failure) -> Duration {
        guard let value = parse(text) else {
            throw Failure(.usage, "\(option) \"\(text)\": write a duration as 500ms, 1.5s, 30, 5m, 2h or 7d")
        }
        guard value <= longest else { throw Failure(.usage, "\(option) \"\(text)\" is too long; the most is 87600h") }
        guard value > .zero || allowsZero else { throw Failure(.usage, "\(option) must be longer than zero") }
        return value
    }

    /// Nil where it is no duration; more than ``longest`` where it is out of all bounds.
    private static func parse(_ text: String) -> Duration? {
        let unit = units.first { text.hasSuffix($0.suffix) }
        let number = text.dropLast(unit?.suffix.count ?? 0)
        let parts = number.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, isDigits(whole) else { return nil }
        let nanoseconds = unit?.nanoseconds ?? 1_000_000_000
        guard let count = Int64(whole) else { return .seconds(Int64.max) }
        let (product, isTooLong) = count.multipliedReportingOverflow(by: nanoseconds)
        guard !isTooLong else { return .seconds(Int64.max) }
        guard parts.count == 2 else { return .nanoseconds(product) }
        guard isDigits(parts[1]), parts[1].count <= fractionDigitsLimit else { return nil }
        return .nanoseconds(product) + .nanoseconds(fraction(parts[1], of: nanoseconds))
    }

    private static func fraction(_ digits: Substring, of nanoseconds: Int64) -> Int64 {
        var rest = nanoseconds
        var sum: Int64 = 0
        for digit in digits.utf8 {
            rest /= 10
            sum += rest * Int64(digit - UInt8(ascii: "0"))
        }
        return sum
    }

    private static func isDigits(_ text: Substring) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    /// For tables: the two largest units, or tenths of a second.
    static func brief(_ duration: Duration) -> String {
        let (seconds, attoseconds) = duration.components
        switch seconds {
        case ..<0: return "0s"
        case ..<60: return "\(seconds).\(attoseconds / 100_000_000_000_000_000)s"
        case ..<3600: return "\(seconds / 60)m\(seconds % 60)s"
        case ..<86400: return "\(seconds / 3600)h\(seconds % 3600 / 60)m"
        default: return "\(seconds / 86400)d\(seconds % 86400 / 3600)h"
        }
    }

    /// For messages: milliseconds are always there.
    static func exact(_ duration: Duration) -> String {
        let milliseconds = max(0, duration.milliseconds)
        return "\(milliseconds / 1000).\(String(milliseconds % 1000 + 1000).dropFirst()) s"
    }
}

extension Duration {
    var milliseconds: Int64 { nanoseconds / 1_000_000 }
}
