#if Redis
import NIOCore

/// Makes values of bytes as they come, in any portions.
///
/// What was parsed is not parsed again when more comes: open arrays stand on a stack, and a long string is not looked
/// at before it is there.
struct RESPParser {
    /// What a server may send at most; more is a violation.
    struct Bounds: Sendable {
        /// RESPAggregates within aggregates.
        var depth = 16
        /// Values in one reply, all levels together.
        var values = 4_194_304
        /// Bytes of one line: simple text, or a number.
        var lineBytes = 65_536
        /// Bytes of one string.
        var stringBytes = 64 * 1_048_576
        /// Bytes of one reply.
        var replyBytes = 256 * 1_048_576
    }

    /// What came is not the protocol, or is too long for us. Nothing that follows can be trusted.
    struct Violation: Error, Equatable, CustomStringConvertible {
        let description: String
        init(_ description: String) { self.description = description }
    }

    private let bounds: Bounds
    private var buffer = ByteBuffer()
    private var open: [RESPAggregate] = []
    /// How many bytes must be there before it is worth looking again.
    private var needed = 1
    /// How much of an unfinished line holds no line end.
    private var scanned = 0
    private var values = 0
    private var bytes = 0

    init(bounds: Bounds = Bounds()) { self.bounds = bounds }

    mutating func append(_ portion: ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = portion
        } else {
            // What was read makes room, once it is more than what is left: moving that costs no more than reading did.
            if buffer.readerIndex >= buffer.readableBytes { buffer.discardReadBytes() }
            buffer.writeImmutableBuffer(portion)
        }
    }

    /// The next whole value; `nil` until more comes.
    mutating func next() throws(Violation) -> RESPValue? {
        while buffer.readableBytes >= needed {
            switch try step() {
            case .more: return nil
            case .skipped: continue
            case .value(let value):
                if let whole = try close(with: value) { return whole }
            }
        }
        return nil
    }

    private enum Step {
        case more, skipped
        case value(RESPValue)
    }

    /// Takes one scalar, or the head of one aggregate.
    private mutating func step() throws(Violation) -> Step {
        guard let line = try line() else { return .more }
        if let kind = RESPAggregate.Kind(rawValue: line.type) {
            guard let length = line.number else { throw Violation("an aggregate without a length") }
            try consume(line.count + 2)
            if length == -1, kind == .array { return .value(.null) }
            return try begin(kind, length)
        }
        switch line.type {
        case UInt8(ascii: "$"), UInt8(ascii: "!"), UInt8(ascii: "="): return try string(line)
        case UInt8(ascii: ":"):
            guard let number = line.number else { throw Violation("an integer that is none") }
            try consume(line.count + 2)
            return .value(.integer(number))
        default:
            guard let value = scalar(line) else { throw Violation("no value begins with byte \(line.type), or not so") }
            try consume(line.count + 2)
            return .value(value)
        }
    }

    private func scalar(_ line: RESPLine) -> RESPValue? {
        let text = buffer.getString(at: buffer.readerIndex + 1, length: line.count - 1) ?? ""
        switch (line.type, text) {
        case (UInt8(ascii: "+"), _): return .simple(text)
        case (UInt8(ascii: "-"), _): return .error(text)
        case (UInt8(ascii: "_"), ""): return .null
        case (UInt8(ascii: "#"), "t"): return .boolean(true)
        case (UInt8(ascii: "#"), "f"): return .boolean(false)
        case (UInt8(ascii: ","), _): return Double(text).map { .double($0) }
        case (UInt8(ascii: "("), _):
            let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
            return !digits.isEmpty && digits.utf8.allSatisfy { 0x30...0x39 ~= $0 } ? .simple(text) : nil
        default: return nil
        }
    }

    private mutating func string(_ line: RESPLine) throws(Violation) -> Step {
        guard let number = line.number else { throw Violation("a string without a length") }
        let head = line.count + 2
        if number == -1, line.type == UInt8(ascii: "$") {
            try consume(head)
            return .value(.null)
        }
        guard 0...Int64(bounds.stringBytes) ~= number else { throw Violation("a string of \(number) bytes") }
        let length = Int(number)
        guard buffer.readableBytes >= head + length + 2 else {
            // The line is read once more when all is there.
            needed = head + length + 2
            return .more
        }
        let start = buffer.readerIndex + head
        guard buffer.getInteger(at: start + length, as: UInt16.self) == 0x0D0A else {
            throw Violation("a string longer than it says")
        }
        let value: RESPValue
        if line.type == UInt8(ascii: "!") {
            value = .error(buffer.getString(at: start, length: length) ?? "")
        } else if line.type == UInt8(ascii: "=") {
            guard length >= 4 else { throw Violation("a verbatim string without its format") }
            value = .bulk(buffer.getBytes(at: start + 4, length: length - 4) ?? [])
        } else {
            value = .bulk(buffer.getBytes(at: start, length: length) ?? [])
        }
        try consume(head + length + 2)
        return .value(value)
    }

    private mutating func begin(_ kind: RESPAggregate.Kind, _ length: Int64) throws(Violation) -> Step {
        guard 0...Int64(bounds.values) ~= length else { throw Violation("an aggregate of \(length)") }
        if kind == .push, !open.isEmpty { throw Violation("a push within another value") }
        let aggregate = RESPAggregate(kind, Int(length))
        if aggregate.missing == 0 {
            guard let value = aggregate.value else { return .skipped }
            return .value(value)
        }
        guard open.count < bounds.depth else { throw Violation("more than \(bounds.depth) levels") }
        open.append(aggregate)
        return .skipped
    }

    /// Puts a value where it belongs; returns it, or what it completes, where that is whole.
    private mutating func close(with value: RESPValue) throws(Violation) -> RESPValue? {
        values += 1
        guard values <= bounds.values else { throw Violation("more than \(bounds.values) values in one reply") }
        var value = value
        while !open.isEmpty {
            open[open.count - 1].add(value)
            guard open[open.count - 1].missing == 0 else { return nil }
            // An attribute is dropped: what follows takes its place.
            guard let whole = open.removeLast().value else { return nil }
            value = whole
        }
        values = 0
        bytes = 0
        return value
    }

    private mutating func consume(_ count: Int) throws(Violation) {
        buffer.moveReaderIndex(forwardBy: count)
        needed = 1
        scanned = 0
        bytes += count
        guard bytes <= bounds.replyBytes else { throw Violation("more than \(bounds.replyBytes) bytes in one reply") }
    }

    /// The next line; `nil` until it is whole.
    private mutating func line() throws(Violation) -> RESPLine? {
        let start = scanned
        let (line, end) = buffer.withUnsafeReadableBytes { bytes -> (RESPLine?, Int) in
            guard let end = RESPLine.end(in: bytes, from: start) else { return (nil, bytes.count) }
            guard end > 0, end + 1 < bytes.count, bytes[end + 1] == 0x0A else { return (nil, end) }
            return (RESPLine(bytes, end: end), end)
        }
        guard end <= bounds.lineBytes else { throw Violation("a line of more than \(bounds.lineBytes) bytes") }
        if let line { return line }
        guard end + 1 >= buffer.readableBytes else { throw Violation("a line that is empty, or does not end well") }
        scanned = end
        needed = buffer.readableBytes + 1
        return nil
    }
}
#endif
