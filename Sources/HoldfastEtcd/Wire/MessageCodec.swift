#if Etcd
import Holdfast
import NIOCore
import SwiftProtobuf

/// Between messages and the bytes of gRPC.
enum MessageCodec {
    static func framed(_ message: some Message) throws(LockError) -> ByteBuffer {
        do {
            let bytes: [UInt8] = try message.serializedBytes()
            return MessageFrames.framed(bytes)
        } catch {
            throw LockError(.invalidArgument, "a request that has no form on the wire", cause: error)
        }
    }

    static func message<Answer: Message>(_ bytes: ByteBuffer) throws(LockError) -> Answer {
        do {
            return try Answer(serializedBytes: Array(bytes.readableBytesView))
        } catch {
            throw LockError(.unavailable, "etcd sent what is no \(Answer.protoMessageName)", cause: error)
        }
    }
}
#endif
