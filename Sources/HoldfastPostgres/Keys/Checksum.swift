#if Postgres
/// Sums that peers name locks by. None of them is a hash to rely on.
enum Checksum {
    /// As zlib computes it.
    static func crc32(_ bytes: [UInt8]) -> UInt32 {
        var sum = UInt32.max
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~sum
    }

    /// `String.hashCode` of Java.
    static func java(_ text: String) -> Int32 { text.utf16.reduce(0) { $0 &* 31 &+ Int32($1) } }
}
#endif
