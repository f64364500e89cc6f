#if Redis
import NIOCore
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    struct RESPParserTests {
        static let whole: [(String, RESPValue)] = [
            ("+OK\r\n", .simple("OK")), ("+\r\n", .simple("")), ("-ERR no\r\n", .error("ERR no")),
            (":42\r\n", .integer(42)), (":-1\r\n", .integer(-1)), (":-9223372036854775808\r\n", .integer(.min)),
            ("$5\r\nhello\r\n", .bulk(Array("hello".utf8))), ("$0\r\n\r\n", .bulk([])), ("$-1\r\n", .null),
            ("$2\r\n\r\n\r\n", .bulk([13, 10])), ("*-1\r\n", .null), ("_\r\n", .null), ("*0\r\n", .array([])),
            ("#t\r\n", .boolean(true)), ("#f\r\n", .boolean(false)), (",1.5\r\n", .double(1.5)),
            (",-inf\r\n", .double(-.infinity)),
            (
                "(3492890328409238509324850943850943825024385\r\n",
                .simple("3492890328409238509324850943850943825024385")
            ),
            ("!3\r\nERR\r\n", .error("ERR")), ("=7\r\ntxt:abc\r\n", .bulk(Array("abc".utf8))),
            ("*2\r\n:1\r\n*1\r\n$1\r\na\r\n", .array([.integer(1), .array([.bulk([97])])])),
            ("%1\r\n+a\r\n:1\r\n", .map([.simple("a"), .integer(1)])), ("~1\r\n:1\r\n", .array([.integer(1)])),
            (">2\r\n+message\r\n:1\r\n", .push([.simple("message"), .integer(1)])),
            ("|1\r\n+ttl\r\n:3\r\n*2\r\n:1\r\n|1\r\n+k\r\n+v\r\n:2\r\n", .array([.integer(1), .integer(2)])),
            ("|0\r\n:7\r\n", .integer(7)), ("*2\r\n*0\r\n%0\r\n", .array([.array([]), .map([])])),
        ]

        @Test(arguments: whole)
        func `every type is read`(text: String, value: RESPValue) throws {
            var parser = RESPParser()
            parser.append(ByteBuffer(string: text))
            let read = try parser.next()
            #expect(read == value)
            let nothing = try parser.next()
            #expect(nothing == nil)
        }

        @Test(arguments: 0..<200)
        func `any split of the bytes gives the same values`(seed: UInt64) throws {
            var random = SplitMix(seed: seed)
            let chosen = (0..<30).map { _ in Self.whole[Int.random(in: 0..<Self.whole.count, using: &random)] }
            var rest = ByteBuffer(string: chosen.map(\.0).joined())
            var parser = RESPParser()
            var read: [RESPValue] = []
            while rest.readableBytes > 0 {
                let size = Int.random(in: 1...min(rest.readableBytes, seed % 3 == 0 ? 1 : 40), using: &random)
                if let portion = rest.readSlice(length: size) { parser.append(portion) }
                while let value = try parser.next() { read.append(value) }
            }
            #expect(read == chosen.map(\.1))
        }

        @Test(arguments: [
            "hello\r\n", "\r\n", ":1\n+a\r\n", ":\r\n", ":1x\r\n", ":99999999999999999999\r\n", "$-2\r\n", "$x\r\n",
            "$3\r\nabcd\r\n",
            "*-2\r\n", "*1x\r\n", "#x\r\n", "_x\r\n", ",x\r\n", "(12x\r\n", "(\r\n", "=2\r\nab\r\n", "!-1\r\n",
            "$?\r\n",
            "*?\r\n", "+a\rb\r\n", "*1\r\n>1\r\n+a\r\n", ">-1\r\n", "%-1\r\n", "?\r\n", "*99999999999\r\n",
            "$99999999999\r\n",
        ])
        func `what is not the protocol is a violation`(text: String) {
            var parser = RESPParser()
            parser.append(ByteBuffer(string: text))
            #expect(throws: RESPParser.Violation.self) { while try parser.next() != nil {} }
        }

        @Test(arguments: 0..<300)
        func `garbage never crashes`(seed: UInt64) {
            var random = SplitMix(seed: seed)
            let alphabet = Array("+-:$*_#,(!=%~>|0123456789?tf\r\n\r\n\r\n\r\nab".utf8)
            var parser = RESPParser()
            var read = 0
            do {
                for _ in 0..<400 {
                    let portion = (0..<Int.random(in: 1...20, using: &random)).map { _ in
                        seed.isMultiple(of: 2)
                            ? UInt8.random(in: 0...255, using: &random)
                            : alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
                    }
                    parser.append(ByteBuffer(bytes: portion))
                    while try parser.next() != nil { read += 1 }
                }
            } catch {
                #expect(!error.description.isEmpty)
            }
            #expect(read >= 0)
        }

        @Test(arguments: 0..<200)
        func `a changed byte never crashes`(seed: UInt64) {
            var random = SplitMix(seed: seed)
            var bytes = Array(Self.whole.map(\.0).joined().utf8)
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            var parser = RESPParser()
            parser.append(ByteBuffer(bytes: bytes))
            var values = 0
            do { while try parser.next() != nil { values += 1 } } catch { #expect(!error.description.isEmpty) }
            #expect(values <= bytes.count)
        }

        @Test func `every bound holds`() {
            var bounds = RESPParser.Bounds()
            bounds.depth = 3
            bounds.values = 10
            bounds.lineBytes = 20
            bounds.stringBytes = 30
            bounds.replyBytes = 100
            let beyond = [
                String(repeating: "*1\r\n", count: 4), "*11\r\n",
                "*2\r\n" + String(repeating: "*6\r\n" + String(repeating: ":1\r\n", count: 6), count: 2),
                "+" + String(repeating: "a", count: 21), "$31\r\n",
                "*4\r\n" + String(repeating: "$30\r\n" + String(repeating: "b", count: 30) + "\r\n", count: 4),
            ]
            for text in beyond {
                var parser = RESPParser(bounds: bounds)
                parser.append(ByteBuffer(string: text))
                #expect(throws: RESPParser.Violation.self, "\(text.debugDescription)") {
                    while try parser.next() != nil {}
                }
            }
        }

        @Test func `ten megabytes in small portions are read in linear time`() throws {
            let size = 10 * 1_048_576
            var whole = ByteBuffer(string: "*2\r\n$\(size)\r\n")
            whole.writeRepeatingByte(0x0D, count: size)
            whole.writeString("\r\n:1\r\n")
            var parser = RESPParser()
            var value: RESPValue?
            let time = try ContinuousClock().measure {
                while let portion = whole.readSlice(length: min(1024, whole.readableBytes)), portion.readableBytes > 0 {
                    parser.append(portion)
                    if let read = try parser.next() { value = read }
                }
            }
            guard case .array(let elements) = value, case .bulk(let bytes) = elements.first else {
                Issue.record("not an array of a string")
                return
            }
            #expect(bytes.count == size && elements.last == .integer(1))
            #expect(time < .seconds(10))
        }
    }
}

/// Reproducible.
struct SplitMix: RandomNumberGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var bits = state
        bits = (bits ^ (bits >> 30)) &* 0xBF58_476D_1CE4_E5B9
        bits = (bits ^ (bits >> 27)) &* 0x94D0_49BB_1331_11EB
        return bits ^ (bits >> 31)
    }
}
#endif
