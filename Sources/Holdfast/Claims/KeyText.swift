/// Percent-encoding of names and owners in stores whose keys are paths: a slash is encoded as well.
package enum KeyText {
    private static let digits = Array("0123456789ABCDEF".utf8)

    private static func isPlain(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"): true
        case UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"), UInt8(ascii: ":"): true
        case UInt8(ascii: "@"), UInt8(ascii: ","), UInt8(ascii: "="), UInt8(ascii: "+"): true
        default: false
        }
    }

    package static func encoded(_ text: String) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count + 8)
        for byte in text.utf8 {
            if isPlain(byte) {
                bytes.append(byte)
            } else {
                bytes.append(UInt8(ascii: "%"))
                bytes.append(digits[Int(byte >> 4)])
                bytes.append(digits[Int(byte & 15)])
            }
        }
        return bytes
    }

    /// - Parameter isStrict: whether a plain character must stand for itself.
    /// - Returns: `nil` for what ``encoded(_:)`` never writes.
    package static func decoded(_ bytes: some Sequence<UInt8>, isStrict: Bool = true) -> String? {
        var decoded: [UInt8] = []
        var rest = Array(bytes)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                guard isPlain(byte) else { return nil }
                decoded.append(byte)
                continue
            }
            guard rest.count >= 2, let high = digits.firstIndex(of: rest.removeFirst()),
                let low = digits.firstIndex(of: rest.removeFirst())
            else { return nil }
            let byte = UInt8(high << 4 | low)
            guard !isStrict || !isPlain(byte) else { return nil }
            decoded.append(byte)
        }
        return String(validating: decoded, as: UTF8.self)
    }
}
