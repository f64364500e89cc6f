#if ZooKeeper
import NIOCore

/// Reads what a server has written; nothing that it says makes us take more memory than it has sent.
struct JuteReader {
    /// It is not what was announced.
    struct Malformed: Error, Sendable, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private var buffer: ByteBuffer

    init(_ buffer: ByteBuffer) { self.buffer = buffer }

    var isAtEnd: Bool { buffer.readableBytes == 0 }

    mutating func int() throws(Malformed) -> Int32 {
        guard let value = buffer.readInteger(as: Int32.self) else { throw Malformed("an int is missing") }
        return value
    }

    mutating func long() throws(Malformed) -> Int64 {
        guard let value = buffer.readInteger(as: Int64.self) else { throw Malformed("a long is missing") }
        return value
    }

    mutating func bool() throws(Malformed) -> Bool {
        guard let value = buffer.readInteger(as: UInt8.self) else { throw Malformed("a boolean is missing") }
        return value != 0
    }

    /// Nothing at all, which has the length -1, is empty here.
    mutating func bytes() throws(Malformed) -> [UInt8] {
        let count = try length()
        guard let bytes = buffer.readBytes(length: count) else { throw Malformed("\(count) bytes are missing") }
        return bytes
    }

    mutating func string() throws(Malformed) -> String {
        let count = try length()
        guard let text = buffer.readString(length: count) else { throw Malformed("\(count) bytes are missing") }
        return text
    }

    mutating func strings() throws(Malformed) -> [String] {
        let count = try length()
        // Each has a length of its own.
        guard count <= buffer.readableBytes / 4 else { throw Malformed("a list of \(count) in too few bytes") }
        var texts: [String] = []
        texts.reserveCapacity(count)
        for _ in 0..<count { texts.append(try string()) }
        return texts
    }

    mutating func stat() throws(Malformed) -> Stat {
        var stat = Stat()
        stat.czxid = try long()
        stat.mzxid = try long()
        stat.ctime = try long()
        stat.mtime = try long()
        stat.version = try int()
        stat.cversion = try int()
        stat.aversion = try int()
        stat.ephemeralOwner = try long()
        stat.dataLength = try int()
        stat.childCount = try int()
        stat.pzxid = try long()
        return stat
    }

    private mutating func length() throws(Malformed) -> Int {
        let count = try int()
        guard count >= -1 else { throw Malformed("a length of \(count)") }
        return max(0, Int(count))
    }
}
#endif
