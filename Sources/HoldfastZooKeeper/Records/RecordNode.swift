#if ZooKeeper
import Holdfast

/// A record as its node has it: `hr1 <unique name> <life in milliseconds, 0 for ever>`, a line's end, and the value.
struct RecordNode: Sendable, Hashable {
    private static let mark = Array("hr1 ".utf8)
    private static let headerBytesLimit = 80
    private static let end = UInt8(ascii: "\n")

    let mark: RecordMark
    let value: [UInt8]
    /// When its life is over, by the leader's clock; `nil` for never.
    let until: Int64?

    /// - Returns: `nil` for another program's.
    init?(_ data: [UInt8], _ stat: Stat) {
        guard data.starts(with: Self.mark), let end = data.prefix(Self.headerBytesLimit).firstIndex(of: Self.end)
        else { return nil }
        let words = data[Self.mark.count..<end].split(separator: UInt8(ascii: " "))
        guard words.count == 2, let life = Int64(String(decoding: words[1], as: UTF8.self)), life >= 0 else {
            return nil
        }
        mark = RecordMark(unique: String(decoding: words[0], as: UTF8.self), changes: stat.version)
        value = Array(data[(end + 1)...])
        let (sum, isTooLate) = stat.mtime.addingReportingOverflow(life)
        until = life == 0 || isTooLate ? nil : sum
    }

    static func data(_ unique: String, _ life: Duration?, _ value: [UInt8]) -> [UInt8] {
        Self.mark + Array("\(unique) \(life.map(milliseconds) ?? 0)\n".utf8) + value
    }

    /// Rounded up: a life is its shortest.
    private static func milliseconds(_ life: Duration) -> Int64 {
        let (seconds, attoseconds) = life.components
        let (whole, isLong) = seconds.multipliedReportingOverflow(by: 1_000)
        guard !isLong else { return .max }
        return max(1, whole + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000)
    }
}
#endif
