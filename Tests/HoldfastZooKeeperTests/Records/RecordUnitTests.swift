#if ZooKeeper
import Holdfast
import Testing

@testable import HoldfastZooKeeper

@Suite struct RecordUnitTests {
    @Test func `a version is read as it was written, and nothing else is one`() throws {
        for changes in [0, 7, Int32.max] {
            let mark = RecordMark(unique: "ffffffffffffffff-1a", changes: changes)
            #expect(RecordMark(mark.version) == mark)
            #expect(mark.version.description.utf8.count <= Record.Version.bytesLimit)
        }
        let strangers = [
            "", ".", "1", "a.", ".1", "a.01", "a.+1", "a.-1", "a.2147483648", "a.18446744073709551616", "a/b.1", "a..1",
            "a.1.1", "../a.1", "A.1", " .1", String(repeating: "a", count: 41) + ".1",
        ]
        for stranger in strangers { #expect(RecordMark(Record.Version(stranger)) == nil, "\(stranger)") }
    }

    @Test func `a node's data says what it is, and for how long`() throws {
        var stat = Stat()
        (stat.mtime, stat.version) = (1_000, 3)
        for value in [[], Array("\n\nhr1 a-1 5\n".utf8), Array(0...255)] as [[UInt8]] {
            let lasting = try #require(RecordNode(RecordNode.data("a-1", nil, value), stat))
            #expect(lasting.value == value && lasting.until == nil)
            #expect(lasting.mark == RecordMark(unique: "a-1", changes: 3))
            for (life, until) in [
                (Duration.milliseconds(1), Int64(1_001)), (.nanoseconds(1), 1_001), (.seconds(2), 3_000),
                (.seconds(2) + .nanoseconds(1), 3_001),
            ] {
                let short = try #require(RecordNode(RecordNode.data("a-1", life, value), stat))
                #expect(short.value == value && short.until == until)
            }
            let endless = try #require(RecordNode(RecordNode.data("a-1", .seconds(Int64.max), value), stat))
            #expect(endless.until == nil && endless.value == value)
        }
        for other in ["", "peer", "hr1 ", "hr1 a-1 5", "hr1 a-1\n", "hr1 a-1 -5\n", "hr1 a-1 x\n", "hr1 a b 5\n"] {
            #expect(RecordNode(Array(other.utf8), stat) == nil, "\(other)")
        }
    }

    @Test func `no life is over by this machine's clock alone`() {
        var book = RecordBook()
        let trust: Duration = .seconds(60)
        func verdict(_ until: Int64?, at now: Duration, wall: Int64) -> RecordBook.Verdict {
            book.verdict(until: until, now: now, wall: wall, trust: trust)
        }
        #expect(verdict(nil, at: .zero, wall: .max) == .alive)
        #expect(verdict(5_000, at: .zero, wall: 4_999) == .alive)
        #expect(verdict(5_000, at: .zero, wall: 5_000) == .doubtful)
        // The leader's clock counts, whatever the machine's says.
        book.hear(4_000, at: .seconds(100))
        #expect(verdict(5_000, at: .seconds(100), wall: 9_000) == .alive)
        #expect(verdict(5_000, at: .seconds(101) - .nanoseconds(1), wall: 9_000) == .alive)
        #expect(verdict(5_000, at: .seconds(101), wall: 0) == .over)
        // It may have been set meanwhile.
        #expect(verdict(5_000, at: .seconds(160), wall: 9_000) == .doubtful)
    }

    @Test func `a sweep is due with the first use, after a while, and after many creations`() {
        var book = RecordBook()
        var bounds = RecordBounds()
        (bounds.sweepInterval, bounds.creationsPerSweep) = (.seconds(10), 3)
        func use(_ isCreated: Bool = false, at second: Int64) -> String {
            let (isDue, isForced) = book.use(isCreated: isCreated, now: .seconds(second), bounds)
            return isDue ? (isForced ? "forced" : "due") : ""
        }
        #expect(use(at: 0) == "due")
        // One at a time.
        #expect(use(at: 20) == "")
        book.swept()
        #expect(use(at: 20) == "due")
        book.swept()
        #expect([use(true, at: 21), use(at: 21), use(true, at: 22), use(true, at: 23)] == ["", "", "", "forced"])
        book.swept()
        #expect([use(true, at: 24), use(at: 32), use(at: 33)] == ["", "", "due"])
    }

    @Test func `names are spread over the folders, and always over the same`() throws {
        let codec = try PathCodec(prefix: "/app/lock-", names: .encoded)
        #expect(codec.records == "/app/lock-!records")
        let paths = (0..<4_096).map { RecordPath(LockKey(unchecked: "once/order-\($0)"), codec) }
        let sizes = Dictionary(grouping: paths, by: \.folder).mapValues(\.count)
        #expect(sizes.count == 256)
        #expect(sizes.values.max() ?? 0 < 64)
        #expect(RecordPath("u/profile/42", codec).node.hasSuffix("/u%2Fprofile%2F42"))
        #expect(RecordPath("u/a", codec).folder == RecordPath("u/a", codec).folder)
    }
}
#endif
