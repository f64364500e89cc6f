#if Redis
import Holdfast
import NIOCore
import Testing

@testable import HoldfastRedis

struct WireUnitTests {
    private func text(_ command: RedisCommand) -> String { String(buffer: command.bytes) }

    @Test func `commands are arrays of bulk strings`() {
        #expect(text(RedisCommand("PING")) == "*1\r\n$4\r\nPING\r\n")
        #expect(text(RedisCommand("SET", "k", "\u{E9}\r\n")) == "*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$4\r\n\u{E9}\r\n\r\n")
        let prefix = RedisCommand.Prefix("EVALSHA", "0123456789", "1")
        let command = RedisCommand(prefix, count: 4) { arguments in
            arguments.append("key")
            arguments.append(-120 as Int64)
            arguments.append(Int64.min)
            arguments.append([0, 255])
        }
        var expected = Array(
            ("*7\r\n$7\r\nEVALSHA\r\n$10\r\n0123456789\r\n$1\r\n1\r\n$3\r\nkey\r\n$4\r\n-120\r\n"
                + "$20\r\n-9223372036854775808\r\n$2\r\n").utf8)
        expected += [0, 255, 13, 10]
        #expect(Array(command.bytes.readableBytesView) == expected)
        #expect(RedisCommand.subscribe(["a", "b"]).answer == .confirmations(2))
    }

    @Test func `the wait between attempts doubles, within bounds, with jitter`() {
        var bounds = LinkBounds()
        bounds.firstBackoff = .milliseconds(100)
        bounds.lastBackoff = .seconds(1)
        var backoff = LinkBackoff(bounds)
        let waits = (0..<100).map { _ in backoff.next() }
        for (wait, whole) in zip(waits, [100, 200, 400, 800, 1000, 1000]) {
            #expect((.milliseconds(whole / 2) ... .milliseconds(whole)).contains(wait))
        }
        #expect(waits.allSatisfy { $0 <= .seconds(1) } && Set(waits.suffix(90)).count > 80)
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(100))
    }

    @Test func `values are read as text, numbers, and maps`() {
        #expect(RESPValue.bulk(Array("12".utf8)).int == 12 && RESPValue.simple("OK").text == "OK")
        #expect(RESPValue.integer(3).int == 3 && RESPValue.null.isNull && RESPValue.error("x").text == nil)
        let map = RESPValue.map([.simple("a"), .integer(1), .bulk(Array("b".utf8)), .integer(2)])
        #expect(map["a"] == .integer(1) && map["b"] == .integer(2) && map["c"] == nil)
        #expect(RESPValue.array([.simple("a")])["a"] == nil)
    }
}
#endif
