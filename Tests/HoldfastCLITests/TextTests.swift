import Testing

@testable import HoldfastCLI

struct TextTests {
    @Test(arguments: [
        ("500ms", Duration.milliseconds(500)), ("1.5s", .milliseconds(1500)), ("30", .seconds(30)),
        ("0.25", .milliseconds(250)), ("5m", .seconds(300)), ("2h", .seconds(7200)), ("0.5m", .seconds(30)),
        ("1.000000001s", .nanoseconds(1_000_000_001)),
    ])
    func `durations are read as people write them`(_ text: String, _ duration: Duration) throws {
        #expect(try DurationText.parse(text, for: "-w") == duration)
    }

    @Test(arguments: [
        "", "s", "ms", "-1", "+1", "1e3", "nan", "inf", "1.", ".5", "1.5.5", "1 s", "0x10", "99999999999999999999999",
        "9223372036854775807h", "9223372036", "0", "0ms", "1.0000000001", "١s",
    ])
    func `what is no duration, or out of bounds, is refused`(_ text: String) {
        #expect(throws: Failure.self) { try DurationText.parse(text, for: "-w") }
    }

    @Test func `zero is a duration only where it means something`() throws {
        #expect(try DurationText.parse("0", for: "-w", allowsZero: true) == .zero)
    }

    @Test func `names cannot move the cursor, forge lines or turn the text round`() {
        #expect(Terminal.escaped("a\u{1B}[31mb\nc\u{202E}d") == "a\\u{1b}[31mb\\u{a}c\\u{202e}d")
        #expect(Terminal.escaped("Ünïcode שלום") == "Ünïcode שלום")
    }

    @Test func `the same trouble is told once a minute`() {
        let (said, now) = (TroubleLog.Said(), ContinuousClock.now)
        #expect(said.isNews("refused", now: now) && !said.isNews("refused", now: now + .seconds(59)))
        #expect(said.isNews("refused", now: now + .seconds(60)))
        #expect(said.isNews("no route", now: now + .seconds(61)) && said.isNews("refused", now: now + .seconds(62)))
    }

    @Test func `JSON is escaped and exact`() {
        let json = JSON.object([
            ("a\"b", .string("\\\n\u{1}\u{202E}é")), ("n", .number(1.25, digits: 1)), ("i", .integer(.min)),
            ("z", .number(-0.05, digits: 3)), ("x", .number(.nan, digits: 2)), ("l", .array([.null, .boolean(true)])),
        ])
        #expect(
            json.text
                == #"{"a\"b":"\\\n\u0001\u202eé","n":1.3,"i":-9223372036854775808,"z":-0.050,"x":null,"l":[null,true]}"#
        )
    }

    @Test func `a histogram's buckets are in order and less than two percent wide`() {
        var previous = -1
        for shift in 0..<62 {
            for value in [Int64(1) << shift, (Int64(1) << shift) * 3 / 2] {
                let bucket = Histogram.bucket(of: value)
                #expect(bucket >= previous)
                previous = bucket
                #expect(abs(Histogram.value(of: bucket) - Double(value)) <= Double(value) * 0.016)
            }
        }
        #expect(Histogram.bucket(of: .max) < Histogram.bucketsCount)
        #expect(Histogram.bucket(of: -1) == 0)
    }

    @Test(arguments: [
        EngineMessage.granted(environment: "A=1\nB=2"), .lost(reason: "x"), .notHad, .released,
        .failed(.storeUnusable, "two\nlines"),
    ])
    func `what the engine says is what the front hears`(_ message: EngineMessage) {
        #expect(EngineMessage(text: message.text) == message)
    }
}
