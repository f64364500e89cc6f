#if ZooKeeper
import NIOCore

/// How values are written: ZooKeeper's *jute*, big-endian, with a length of four bytes before what has one.
extension ByteBuffer {
    mutating func writeJute(_ text: String) {
        let start = writerIndex
        writeInteger(0 as Int32)
        let count = writeString(text)
        setInteger(Int32(count), at: start)
    }

    mutating func writeJute(_ bytes: [UInt8]) {
        writeInteger(Int32(bytes.count))
        writeBytes(bytes)
    }

    mutating func writeJute(_ flag: Bool) { writeInteger(flag ? 1 : 0 as UInt8) }

    mutating func writeJute(_ list: [ACL]) {
        writeInteger(Int32(list.count))
        for entry in list {
            writeInteger(entry.permissions.rawValue)
            writeJute(entry.scheme)
            writeJute(entry.id)
        }
    }
}
#endif
