#if ZooKeeper
import NIOCore

/// Cuts the stream of bytes into frames, each with its length before it.
struct FrameParser {
    private let bound: Int
    private var buffer = ByteBuffer()

    /// - Parameter bound: the longest frame, in bytes.
    init(bound: Int) { self.bound = bound }

    mutating func append(_ bytes: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
        } else {
            buffer.discardReadBytes()
            buffer.writeImmutableBuffer(bytes)
        }
    }

    /// The next frame, without its length; `nil` where more must come first.
    mutating func next() throws(JuteReader.Malformed) -> ByteBuffer? {
        guard let count = buffer.getInteger(at: buffer.readerIndex, as: Int32.self) else { return nil }
        guard 0...bound ~= Int(count) else {
            throw JuteReader.Malformed("a frame of \(count) bytes; at most \(bound) are taken")
        }
        guard buffer.readableBytes >= 4 + Int(count) else { return nil }
        buffer.moveReaderIndex(forwardBy: 4)
        return buffer.readSlice(length: Int(count))
    }
}
#endif
