import Holdfast

/// The parts of a URL, where `%` and two hexadecimal digits stand for a byte.
enum PercentText {
    /// - Throws: ``LockError/Code/invalidArgument``, without the text: it may be a secret.
    static func decode(_ text: Substring) throws(LockError) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            let digits = String(decoding: rest.prefix(2), as: UTF8.self)
            guard digits.utf8.count == 2, let value = UInt8(digits, radix: 16) else {
                throw LockError(
                    .invalidArgument, "a % in a store URL begins two hexadecimal digits; write %25 for itself")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        guard !bytes.contains(0), let decoded = String(validating: bytes, as: UTF8.self) else {
            throw LockError(.invalidArgument, "a store URL is UTF-8 without NUL")
        }
        return decoded
    }
}
