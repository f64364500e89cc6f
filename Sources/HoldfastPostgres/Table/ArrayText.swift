#if Postgres
import Holdfast

/// Values in the text form of PostgreSQL. Bytes go in hexadecimal, so that nothing needs quoting.
enum ArrayText {
    static func of(_ numbers: some Sequence<some BinaryInteger>) -> String {
        "{" + numbers.map { "\($0)" }.joined(separator: ",") + "}"
    }

    static func of(_ texts: some Sequence<String>) -> String {
        "{" + texts.map { hexadecimal($0.utf8) }.joined(separator: ",") + "}"
    }

    static func hexadecimal(_ bytes: some Sequence<UInt8>) -> String {
        var text: [UInt8] = []
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// - Returns: `nil` for anything else than pairs of digits.
    static func bytes(_ text: String) -> [UInt8]? {
        var bytes: [UInt8] = []
        var high: UInt8?
        bytes.reserveCapacity(text.utf8.count / 2)
        for character in text.utf8 {
            guard let digit = digit(character) else { return nil }
            if let half = high {
                bytes.append(half << 4 | digit)
                high = nil
            } else {
                high = digit
            }
        }
        return high == nil ? bytes : nil
    }

    private static func digit(_ character: UInt8) -> UInt8? {
        switch character {
        case 0x30...0x39: character - 0x30
        case 0x41...0x46: character - 0x41 + 10
        case 0x61...0x66: character - 0x61 + 10
        default: nil
        }
    }

    /// `client:number:value`, with commas.
    static func triples(_ text: String) -> [(id: Claim.ID, value: Int64)] {
        text.split(separator: ",").compactMap { triple($0) }
    }

    static func triple(_ text: Substring) -> (id: Claim.ID, value: Int64)? {
        let numbers = text.split(separator: ":").compactMap { Int64($0) }
        guard numbers.count == 3 else { return nil }
        return (Claim.ID(row: numbers[0], numbers[1]), numbers[2])
    }

    private static let digits = Array("0123456789abcdef".utf8)
}

extension Claim.ID {
    /// As columns: the same bits with a sign.
    var row: (client: Int64, number: Int64) { (Int64(bitPattern: client), Int64(bitPattern: sequence)) }

    init(row client: Int64, _ number: Int64) {
        self.init(client: UInt64(bitPattern: client), sequence: UInt64(bitPattern: number))
    }
}
#endif
