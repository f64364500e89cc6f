#if Redis
import NIOCore

/// One command, encoded.
///
/// A command that is sent often is encoded in two parts: ``Prefix`` once, the rest per call.
struct RedisCommand: Sendable {
    /// What answers a command.
    enum Answer: Sendable, Equatable {
        case reply
        /// So many pushes, in version 3 of the protocol; a subscription goes to a socket of its own in version 2.
        case confirmations(Int)
    }

    private(set) var bytes: ByteBuffer
    let answer: Answer

    init(_ name: StaticString, _ arguments: some Collection<String>) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(24 + arguments.reduce(0) { $0 + $1.utf8.count + 8 })
        bytes.writeArrayHeader(arguments.count + 1)
        bytes.writeBulk(name)
        for argument in arguments { bytes.writeBulk(argument) }
        self.bytes = bytes
        answer = .reply
    }

    init(_ name: StaticString, _ arguments: String...) { self.init(name, arguments) }

    /// `SUBSCRIBE` to channels; complete when the server has confirmed each.
    static func subscribe(_ channels: [String]) -> RedisCommand { subscription("SUBSCRIBE", channels) }

    static func unsubscribe(_ channels: [String]) -> RedisCommand { subscription("UNSUBSCRIBE", channels) }

    private static func subscription(_ name: StaticString, _ channels: [String]) -> RedisCommand {
        precondition(!channels.isEmpty, "a subscription names its channels")
        return RedisCommand(bytes: RedisCommand(name, channels).bytes, answer: .confirmations(channels.count))
    }

    private init(bytes: ByteBuffer, answer: Answer) {
        self.bytes = bytes
        self.answer = answer
    }
}

extension RedisCommand {
    /// The beginning of a command, encoded once: `EVALSHA <sha> 2`.
    struct Prefix: Sendable {
        fileprivate let count: Int
        fileprivate let bytes: ByteBuffer

        init(_ name: StaticString, _ arguments: String...) {
            var bytes = ByteBuffer()
            bytes.writeBulk(name)
            for argument in arguments { bytes.writeBulk(argument) }
            count = arguments.count + 1
            self.bytes = bytes
        }
    }

    /// A prefix, and `count` arguments that `write` appends.
    init(_ prefix: Prefix, count: Int, _ write: (inout Arguments) -> Void) {
        var bytes = ByteBuffer()
        bytes.reserveCapacity(prefix.bytes.readableBytes + 16 + 32 * count)
        bytes.writeArrayHeader(prefix.count + count)
        bytes.writeImmutableBuffer(prefix.bytes)
        var arguments = Arguments(bytes: bytes)
        write(&arguments)
        precondition(arguments.count == count, "a command has the arguments that its header counts")
        self.bytes = arguments.bytes
        answer = .reply
    }

    init(_ prefix: Prefix, _ arguments: some Collection<String>) {
        self.init(prefix, count: arguments.count) { written in
            for argument in arguments { written.append(argument) }
        }
    }

    /// Appends arguments to a command without making text of numbers first.
    struct Arguments {
        fileprivate var bytes: ByteBuffer
        fileprivate var count = 0

        mutating func append(_ text: String) {
            count += 1
            bytes.writeBulk(text)
        }

        mutating func append(_ number: Int64) {
            count += 1
            bytes.writeBulk(number)
        }

        mutating func append(_ raw: [UInt8]) {
            count += 1
            bytes.writeBulkHeader(raw.count)
            bytes.writeBytes(raw)
            bytes.writeLineEnd()
        }
    }
}
#endif
