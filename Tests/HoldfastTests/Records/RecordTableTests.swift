import Holdfast
import Testing

/// Versioned records as a value: what every backend's records must do.
@Suite struct RecordTableTests {
    @Test func `a record is read as it was written`() throws {
        let table = TestRecords()
        #expect(table.read("a") == nil)
        let version = try table.written("a", 1)
        #expect(table.read("a") == Record(value: [1], version: version))
        #expect(table.read("b") == nil)
        #expect(table.count == 1)
    }

    @Test func `a change that expects another version changes nothing`() throws {
        let table = TestRecords()
        #expect(try table.write("a", 1, expecting: Record.Version("1")) == .conflict)
        let first = try table.written("a", 1)
        let second = try table.written("a", 2, expecting: first)
        for expected in [nil, first, Record.Version(""), Record.Version("0\(second)")] as [Record.Version?] {
            #expect(try table.write("a", 9, expecting: expected) == .conflict)
        }
        #expect(!table.delete("a", expecting: first))
        #expect(table.read("a") == Record(value: [2], version: second))
        #expect(table.delete("a", expecting: second))
        #expect(!table.delete("a", expecting: second))
        #expect(table.read("a") == nil && table.count == 0)
    }

    @Test func `a version never comes again, after a deletion, a rewrite or the end of a life`() throws {
        let table = TestRecords()
        var versions: [Record.Version] = []
        for round in 0..<50 {
            let now = Duration.seconds(round * 10)
            versions.append(try table.written("a", 1, life: .seconds(5), now: now))
            versions.append(try table.written("a", 2, expecting: versions.last, life: .seconds(5), now: now))
            if round.isMultiple(of: 2), let last = versions.last {
                #expect(table.delete("a", expecting: last, now: now))
            }
        }
        #expect(Set(versions).count == versions.count)
    }

    @Test func `a life ends at its time, in every verb`() throws {
        let table = TestRecords()
        let version = try table.written("a", 1, life: .seconds(5))
        #expect(table.read("a", now: .milliseconds(4999)) != nil)
        #expect(table.read("a", now: .seconds(5)) == nil)
        let writing = TestRecords()
        let old = try writing.written("a", 1, life: .seconds(5))
        #expect(try writing.write("a", 2, expecting: old, now: .seconds(5)) == .conflict)
        #expect(try writing.written("a", 2, now: .seconds(5)) != old)
        let deleting = TestRecords()
        #expect(try deleting.written("a", 1, life: .seconds(5)) == version)
        #expect(!deleting.delete("a", expecting: version, now: .seconds(5)))
    }

    @Test func `a rewrite takes its own life, longer, shorter or none`() throws {
        let table = TestRecords()
        for (key, life) in [("none", nil), ("longer", .seconds(60)), ("shorter", .seconds(2))]
            as [(LockKey, Duration?)]
        {
            let first = try table.written(key, 1, life: .seconds(5))
            _ = try table.written(key, 2, expecting: first, life: life)
        }
        #expect(table.read("shorter", now: .seconds(2)) == nil)
        #expect(table.read("longer", now: .seconds(59)) != nil)
        #expect(table.read("longer", now: .seconds(60)) == nil)
        #expect(table.read("none", now: .seconds(1_000_000)) != nil)
    }

    @Test func `what is over is deleted, whichever key is looked at`() throws {
        let table = TestRecords()
        for number in 0..<100 { _ = try table.written(LockKey("key/\(number)"), 1, life: .seconds(1 + number)) }
        #expect(table.count == 100)
        #expect(table.read("other", now: .seconds(50)) == nil)
        #expect(table.count == 50)
        #expect(table.read("other", now: .seconds(1000)) == nil)
        #expect(table.count == 0)
    }

    @Test func `records that are rewritten again and again end all the same`() throws {
        let table = TestRecords()
        var last: [LockKey: Record.Version] = [:]
        // Far more entries in the agenda than records: most of them are swept as stale.
        for round in 0..<2000 {
            let key: LockKey = round.isMultiple(of: 2) ? "a" : "b"
            last[key] = try table.written(key, 1, expecting: last[key], life: .seconds(10), now: .milliseconds(round))
        }
        #expect(table.count == 2)
        #expect(table.read("a", now: .milliseconds(11_997)) != nil)
        #expect(table.read("a", now: .milliseconds(11_998)) == nil)
        #expect(table.read("b", now: .milliseconds(11_998)) != nil)
        #expect(table.read("b", now: .milliseconds(11_999)) == nil)
        #expect(table.count == 0)
    }

    @Test func `names are told apart by their bytes`() throws {
        let table = TestRecords()
        _ = try table.written("\u{e9}", 1)
        _ = try table.written("e\u{301}", 2)
        #expect(table.read("\u{e9}")?.value == [1])
        #expect(table.read("e\u{301}")?.value == [2])
    }
}

/// A table behind a reference, since expectations cannot mutate values.
private final class TestRecords {
    private var table = RecordTable()

    var count: Int { table.count }

    func read(_ key: LockKey, now: Duration = .zero) -> Record? { table.read(key, now: now) }

    func write(
        _ key: LockKey, _ value: UInt8, expecting expected: Record.Version? = nil, life: Duration? = nil,
        now: Duration = .zero
    ) throws -> RecordWrite {
        try table.write([value], to: key, expecting: expected, timeToLive: life, now: now)
    }

    func written(
        _ key: LockKey, _ value: UInt8, expecting expected: Record.Version? = nil, life: Duration? = nil,
        now: Duration = .zero
    ) throws -> Record.Version {
        let outcome = try write(key, value, expecting: expected, life: life, now: now)
        guard case .written(let version) = outcome else {
            throw LockError(.invalidArgument, "the write met another version than it expects")
        }
        return version
    }

    func delete(_ key: LockKey, expecting expected: Record.Version, now: Duration = .zero) -> Bool {
        table.delete(key, expecting: expected, now: now)
    }
}
