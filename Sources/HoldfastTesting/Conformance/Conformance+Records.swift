import Holdfast

extension Conformance {
    static let records: [ConformanceCase] = [
        ConformanceCase("a record is read as it was written, by everybody", .records) { stage in
            let key = stage.recordKey("a")
            try await expectRecord(nil, key, stage)
            let values: [[UInt8]] = [[], Array("text".utf8), Array(0...255), [0], Array("\n%'\"*".utf8)]
            var versions: [Record.Version] = []
            for value in values {
                versions.append(try await written(value, key, expecting: versions.last, stage))
                try await expectRecord(value, key, stage)
            }
            try require(Set(versions).count == values.count, "versions came twice: \(versions)")
            for version in versions {
                let length = version.description.utf8.count
                try require((1...Record.Version.bytesLimit).contains(length), "a version has \(length) bytes")
            }
        },
        ConformanceCase("a write that expects another version changes nothing", .records) { stage in
            let key = stage.recordKey("a")
            let none = Record.Version("1")
            try await expectConflict(key, expecting: none, stage)
            try await expectRecord(nil, key, stage)
            let first = try await written([1], key, expecting: nil, stage)
            try await expectConflict(key, expecting: nil, stage)
            let second = try await written([2], key, expecting: first, stage)
            try await expectConflict(key, expecting: first, stage)
            for stranger in ["", "0", "x", "\(second)0", "-1", "18446744073709551616"] {
                try await expectConflict(key, expecting: Record.Version(stranger), stage)
            }
            try await expectRecord([2], key, stage)
        },
        ConformanceCase("a record is deleted only in the version that was expected", .records) { stage in
            let key = stage.recordKey("a")
            let first = try await written([1], key, expecting: nil, stage)
            let second = try await written([2], key, expecting: first, stage)
            try require(
                try await !stage.records(1).delete(key, expecting: first), "a deletion expected an old version")
            try await expectRecord([2], key, stage)
            try require(try await stage.records(1).delete(key, expecting: second), "the deletion met its version")
            try await expectRecord(nil, key, stage)
            try require(try await !stage.records().delete(key, expecting: second), "a deletion met what was deleted")
        },
        ConformanceCase("no version comes again after a deletion", .records) { stage in
            let key = stage.recordKey("a")
            var versions: [Record.Version] = []
            for round in 0..<20 {
                let first = try await written([UInt8(round)], key, expecting: nil, stage)
                let second = try await written([UInt8(round)], key, expecting: first, stage)
                for old in versions { try await expectConflict(key, expecting: old, stage) }
                versions += [first, second]
                try require(
                    try await stage.records(round % 3).delete(key, expecting: second), "the deletion met its version")
                for old in versions { try await expectConflict(key, expecting: old, stage) }
            }
            try require(Set(versions).count == versions.count, "versions came twice: \(versions)")
        },
        ConformanceCase("a record of the greatest size is kept whole", .records) { stage in
            let key = stage.recordKey("big")
            let value = (0..<Record.valueBytesLimit).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
            let version = try await written(value, key, expecting: nil, stage)
            try await expectRecord(value, key, stage)
            _ = try await written(value.reversed(), key, expecting: version, stage)
            try await expectRecord(value.reversed(), key, stage)
        },
        ConformanceCase("names of records are told apart byte for byte", .records) { stage in
            let names = NameCorpus.names.filter { stage.key("record/" + $0).text.utf8.count <= Record.keyBytesLimit }
            for (index, name) in names.enumerated() {
                _ = try await written([UInt8(index)], stage.recordKey(name), expecting: nil, stage)
            }
            for (index, name) in names.enumerated() {
                try await expectRecord([UInt8(index)], stage.recordKey(name), stage)
            }
        },
        ConformanceCase("records and claims of one name do not meet", .records) { stage in
            let claim = try stage.claim("record/a")
            try await stage.hold(claim)
            let key = stage.recordKey("a")
            let version = try await written([1], key, expecting: nil, stage)
            try require(try await stage.isHeld(claim), "the claim is held beside the record")
            try await stage.remove(claim)
            try await expectRecord([1], key, stage)
            try require(try await stage.records().delete(key, expecting: version), "the record is deleted")
        },
        ConformanceCase("of many writers at once each version has one successor", .records) { stage in
            let key = stage.recordKey("counter")
            let rounds = max(stage.harness.effort / 100, 3)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<6 {
                    group.addTask {
                        let records = try stage.records(writer % stage.backends.count)
                        for _ in 0..<rounds { try await increment(key, records) }
                    }
                }
                try await group.waitForAll()
            }
            let record = try await stage.records().read(key)
            let sum = record.map { Int($0.value[0]) | Int($0.value[1]) << 8 } ?? 0
            try require(sum == 6 * rounds, "\(6 * rounds) increments make \(sum)")
        },
        ConformanceCase("a record with a life ends after it, and not before", [.records, .time]) { stage in
            let key = stage.recordKey("short")
            let life: Duration = .seconds(2)
            _ = try await written([1], key, expecting: nil, stage, life: life)
            let lasting = stage.recordKey("lasting")
            let first = try await written([2], lasting, expecting: nil, stage, life: life)
            _ = try await written([3], lasting, expecting: first, stage)
            let renewed = stage.recordKey("renewed")
            let short = try await written([4], renewed, expecting: nil, stage, life: life)
            _ = try await written([5], renewed, expecting: short, stage, life: .seconds(600))
            try await stage.pass(.seconds(1))
            try await expectRecord([1], key, stage)
            try await untilGone(key, stage)
            try await expectRecord([3], lasting, stage)
            try await expectRecord([5], renewed, stage)
            let again = try await written([6], key, expecting: nil, stage, life: .seconds(600))
            try await expectRecord([6], key, stage)
            try require(try await stage.records().delete(key, expecting: again), "what was written anew is deleted")
        },
    ]

    private static func increment(_ key: LockKey, _ records: any RecordStore) async throws {
        while true {
            let record = try await records.read(key)
            let sum = (record.map { Int($0.value[0]) | Int($0.value[1]) << 8 } ?? 0) + 1
            let value = [UInt8(truncatingIfNeeded: sum), UInt8(truncatingIfNeeded: sum >> 8)]
            let write = try await records.write(value, to: key, expecting: record?.version, timeToLive: nil)
            if write != .conflict { return }
        }
    }

    /// A store may keep what is over for a while; a life is its shortest.
    private static func untilGone(_ key: LockKey, _ stage: ConformanceStage) async throws {
        for _ in 0..<200 {
            try await stage.pass(.milliseconds(100))
            if try await stage.records().read(key) == nil { return try await expectRecord(nil, key, stage) }
        }
        throw ConformanceFailure("a record of 2 s was there after 20 s")
    }

    private static func written(
        _ value: [UInt8], _ key: LockKey, expecting expected: Record.Version?, _ stage: ConformanceStage,
        life: Duration? = nil
    ) async throws -> Record.Version {
        let write = try await stage.records().write(value, to: key, expecting: expected, timeToLive: life)
        guard case .written(let version) = write else {
            throw ConformanceFailure("a write that expects \(String(describing: expected)) met \(write)")
        }
        return version
    }

    private static func expectConflict(
        _ key: LockKey, expecting expected: Record.Version?, _ stage: ConformanceStage
    ) async throws {
        let write = try await stage.records(2).write([99], to: key, expecting: expected, timeToLive: nil)
        try require(write == .conflict, "a write that expects \(String(describing: expected)) is \(write)")
    }

    private static func expectRecord(_ value: [UInt8]?, _ key: LockKey, _ stage: ConformanceStage) async throws {
        for index in stage.backends.indices {
            let record = try await stage.records(index).read(key)
            try require(
                record?.value == value,
                "backend \(index) reads \(record?.value.count ?? -1) bytes, not \(value?.count ?? -1)")
        }
    }
}
