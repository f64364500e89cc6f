import Holdfast
import HoldfastTesting
import Testing

/// The table of records beside a plain list of what was written: by seed, in all verbs, as lives end.
@Suite struct RecordSimulationTests {
    private typealias Notes = CoordinationWorld.Notes

    /// How a table may err.
    enum Fault: CaseIterable {
        /// A deletion needs no version.
        case deletesAny
        /// A rewrite leaves the life as it was.
        case keepsLife
        /// A version that is written to a key after its deletion is one that it has had.
        case repeatsVersions
    }

    @Test func `the table does what a plain list does`() async {
        let seeds = CoordinationWorld.seeds(usually: 300)
        let notes = await CoordinationWorld.runMany(seeds) { Self.run(seed: $0) }
        #expect(notes.violations.isEmpty)
        guard seeds.count > 1 else { return }
        // A series in which nothing was refused, and nothing ended, proves nothing.
        for what in ["read", "written", "conflict", "deleted", "not deleted", "ended"] {
            #expect(notes.counts[what, default: 0] > seeds.count, "\(what)")
        }
        print("records on \(seeds.count) seeds: \(notes.counts)")
    }

    @Test(arguments: Fault.allCases) func `a table that errs is noticed`(_ fault: Fault) {
        #expect((0..<50 as Range<UInt64>).contains { !Self.run(seed: $0, fault).violations.isEmpty })
    }

    private static func run(seed: UInt64, _ fault: Fault? = nil) -> Notes {
        var random = SeededGenerator(seed: seed)
        var (table, model) = (RecordTable(), RecordModel())
        var notes = Notes()
        var now: Duration = .zero
        let keys = (0...random.below(5)).map { LockKey("key/\($0)") }
        // Of one key that is written again and again the agenda keeps far more ends than there are records.
        let favour = random.pick([0, 980])
        let longest: Duration = .milliseconds(random.pick([5, 200, 5000]))
        let longestLife = longest * random.pick([1, 20])
        let (writes, pauses) = (random.pick([400, 900]), random.pick([10, 300]))
        for step in 0..<random.pick([50, 1000]) {
            if random.happens(pauses) { now += random.duration(in: .zero...longest) }
            let key = random.happens(favour) ? keys[0] : random.pick(keys)
            let expected = random.happens(150) ? model.version(&random) : model.read(key, now: now)?.version
            let (answer, right): (String, String)
            if random.happens(writes) {
                let life = random.happens(300) ? nil : random.duration(in: .milliseconds(1)...longestLife)
                let value = [UInt8(step & 255)]
                let kept = fault == .keepsLife && expected != nil ? model.life(of: key, now: now) : life
                let write = try? table.write(value, to: key, expecting: expected, timeToLive: kept, now: now)
                right = model.write(value, to: key, write, expecting: expected, timeToLive: life, now: now)
                answer = write == .conflict ? "conflict" : "written"
            } else if random.happens(500) {
                let version = expected ?? model.version(&random) ?? Record.Version("none")
                let present = fault == .deletesAny ? table.read(key, now: now)?.version ?? version : version
                right = model.delete(key, expecting: version, now: now) ? "deleted" : "not deleted"
                answer = table.delete(key, expecting: present, now: now) ? "deleted" : "not deleted"
                // As in a table that counts for each key, and forgets.
                if fault == .repeatsVersions, keys.allSatisfy({ table.read($0, now: now) == nil }) {
                    table = RecordTable()
                }
            } else {
                let record = table.read(key, now: now)
                right = "read"
                answer = record == model.read(key, now: now) ? "read" : "read as \(record.debugDescription)"
            }
            notes.count(right)
            if answer != right { notes.violations.append("step \(step) at \(now): \(answer), and not \(right)") }
            if table.count != model.count(now: now) { notes.violations.append("step \(step): \(table.count) records") }
        }
        now += longestLife
        if table.read(keys[0], now: now) != model.read(keys[0], now: now) || table.count != model.count(now: now) {
            notes.violations.append("at the end \(table.count) records stand, and not \(model.count(now: now))")
        }
        notes.count("ended", model.ended)
        return notes
    }
}

/// What stands, each with its end, and every version that there was.
private struct RecordModel {
    private var present: [LockKey: (record: Record, end: Duration?)] = [:]
    private var versions: [LockKey: [Record.Version]] = [:]
    private(set) var ended = 0

    /// One of the last versions of any key.
    func version(_ random: inout SeededGenerator) -> Record.Version? {
        let last = versions.keys.sorted().flatMap { versions[$0, default: []].suffix(3) }
        return last.isEmpty ? nil : random.pick(last)
    }

    mutating func read(_ key: LockKey, now: Duration) -> Record? {
        expire(now)
        return present[key]?.record
    }

    mutating func life(of key: LockKey, now: Duration) -> Duration? {
        expire(now)
        return present[key]?.end.map { $0 - now }
    }

    mutating func count(now: Duration) -> Int {
        expire(now)
        return present.count
    }

    /// - Parameter written: what the table said: of a version the model knows only that it must be new.
    mutating func write(
        _ value: [UInt8], to key: LockKey, _ written: RecordWrite?, expecting expected: Record.Version?,
        timeToLive: Duration?, now: Duration
    ) -> String {
        expire(now)
        guard present[key]?.record.version == expected else { return "conflict" }
        guard case .written(let version)? = written else { return "written" }
        guard !versions[key, default: []].contains(version) else { return "a new version" }
        versions[key, default: []].append(version)
        present[key] = (Record(value: value, version: version), timeToLive.map { now + $0 })
        return "written"
    }

    mutating func delete(_ key: LockKey, expecting expected: Record.Version, now: Duration) -> Bool {
        expire(now)
        guard present[key]?.record.version == expected else { return false }
        present[key] = nil
        return true
    }

    private mutating func expire(_ now: Duration) {
        let before = present.count
        present = present.filter { $0.value.end.map { $0 > now } ?? true }
        ended += before - present.count
    }
}
