#if Redis
import NIOCore

/// How commands are written: arrays of bulk strings.
extension ByteBuffer {
    mutating func writeArrayHeader(_ count: Int) {
        writeInteger(UInt8(ascii: "*"))
        writeDecimal(Int64(count))
        writeLineEnd()
    }

    mutating func writeBulkHeader(_ count: Int) {
        writeInteger(UInt8(ascii: "$"))
        writeDecimal(Int64(count))
        writeLineEnd()
    }

    mutating func writeBulk(_ text: String) {
        writeBulkHeader(text.utf8.count)
        writeString(text)
        writeLineEnd()
    }

    mutating func writeBulk(_ text: StaticString) {
        writeBulkHeader(text.utf8CodeUnitCount)
        writeStaticString(text)
        writeLineEnd()
    }

    mutating func writeBulk(_ number: Int64) {
        writeBulkHeader(Self.digits(number))
        writeDecimal(number)
        writeLineEnd()
    }

    mutating func writeLineEnd() { writeInteger(0x0D0A as UInt16) }

    /// Digits from the last to the first, into place: no text is made.
    mutating func writeDecimal(_ number: Int64) {
        let count = Self.digits(number)
        writeWithUnsafeMutableBytes(minimumWritableBytes: count) { target in
            var rest = number.magnitude
            var place = count
            repeat {
                place -= 1
                target[place] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if number < 0 { target[0] = UInt8(ascii: "-") }
            return count
        }
    }

    /// How many characters a number takes.
    private static func digits(_ number: Int64) -> Int {
        var rest = number.magnitude
        var count = number < 0 ? 2 : 1
        while rest >= 10 {
            rest /= 10
            count += 1
        }
        return count
    }
}
#endif
