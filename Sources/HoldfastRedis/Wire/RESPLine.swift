#if Redis
import Glibc

/// The first line of a value: its type, and the number behind it where there is one.
struct RESPLine {
    let type: UInt8
    /// Bytes of the line, its type included, its end not.
    let count: Int
    /// The rest of the line as a number: a value, or a length.
    let number: Int64?

    /// Reads the line that ends before `end`.
    init(_ bytes: UnsafeRawBufferPointer, end: Int) {
        type = bytes[0]
        count = end
        number = Self.decimal(bytes, 1..<end)
    }

    /// The index of the carriage return at or behind `start`.
    static func end(in bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
        guard let base = bytes.baseAddress, start < bytes.count,
            let found = memchr(base + start, 0x0D, bytes.count - start)
        else { return nil }
        return UnsafeRawPointer(found) - base
    }

    private static func decimal(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> Int64? {
        var index = range.lowerBound
        guard index < range.upperBound else { return nil }
        let isNegative = bytes[index] == UInt8(ascii: "-")
        if isNegative || bytes[index] == UInt8(ascii: "+") { index += 1 }
        guard index < range.upperBound else { return nil }
        var number: Int64 = 0
        while index < range.upperBound {
            let digit = bytes[index] &- UInt8(ascii: "0")
            guard digit <= 9 else { return nil }
            let (tens, over) = number.multipliedReportingOverflow(by: 10)
            // Towards the sign, so that the smallest number fits too.
            let (sum, beyond) = tens.addingReportingOverflow(isNegative ? -Int64(digit) : Int64(digit))
            guard !over, !beyond else { return nil }
            number = sum
            index += 1
        }
        return number
    }
}
#endif
