#if Etcd
import NIOCore

/// Messages as gRPC frames them: a byte that says whether it is compressed, four of length, the message.
struct MessageFrames {
    enum Violation: Error, Equatable {
        case compressed
        case tooLong(Int)
    }

    private static let head = 5
    private var buffer = ByteBuffer()
    private let limit: Int

    init(limit: Int) { self.limit = limit }

    var isEmpty: Bool { buffer.readableBytes == 0 }

    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// `nil` where it is not there whole.
    mutating func next() throws(Violation) -> ByteBuffer? {
        guard let length = try check(),
            let message = buffer.getSlice(at: buffer.readerIndex + Self.head, length: length)
        else { return nil }
        buffer.moveReaderIndex(forwardBy: Self.head + length)
        return message
    }

    /// - Returns: the next message's length, where its head is there.
    @discardableResult
    func check() throws(Violation) -> Int? {
        guard let flag = buffer.getInteger(at: buffer.readerIndex, as: UInt8.self),
            let length = buffer.getInteger(at: buffer.readerIndex + 1, as: UInt32.self)
        else { return nil }
        guard flag == 0 else { throw .compressed }
        guard length <= limit else { throw .tooLong(Int(length)) }
        return Int(length)
    }

    static func framed(_ message: [UInt8]) -> ByteBuffer {
        var buffer = ByteBufferAllocator().buffer(capacity: head + message.count)
        buffer.writeInteger(UInt8(0))
        buffer.writeInteger(UInt32(message.count))
        buffer.writeBytes(message)
        return buffer
    }
}
#endif
