#if ZooKeeper
import Holdfast
import ServerKit
import Testing

@testable import HoldfastZooKeeper

/// What of records is ZooKeeper's own: versions, lives, and what is deleted when.
@Suite(.timeLimit(.minutes(2))) struct RecordTests {
    private let key: LockKey = "u/profile/42"
    private let life: Duration = .seconds(1)

    private func records(_ backend: ZooKeeperBackend) throws -> any RecordStore { try #require(backend.records) }

    private func written(
        _ value: [UInt8], to key: LockKey, expecting expected: Record.Version? = nil, life: Duration? = nil,
        _ backend: ZooKeeperBackend
    ) async throws -> Record.Version {
        let write = try await records(backend).write(value, to: key, expecting: expected, timeToLive: life)
        guard case .written(let version) = write else { throw TestFailure("\(key) is not written: \(write)") }
        return version
    }

    /// Waits until the server's clock is past the lives of what was written before.
    private func outlive(_ corner: Corner) async throws {
        try await corner.server.configuration.session { session in
            let path = try await session.create("/clock-", .ephemeralSequential).path
            let start = try await session.setData(path, []).mtime
            try await eventually("\(life) are over") { try await session.setData(path, []).mtime > start + 1_100 }
        }
    }

    private func nodes(_ corner: Corner) async throws -> Int {
        let found = Found<Int>()
        try await corner.server.configuration.session { session in
            let root = corner.configuration.prefix + "!records"
            var count = 0
            for folder in try await session.children(root).children {
                count += try await session.children(root + "/" + folder).children.count
            }
            found.value = count
        }
        return try #require(found.value)
    }

    @Test func `a record that is made anew counts its changes anew, and has other versions`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            var versions: [Record.Version] = []
            for index in 0..<6 {
                let version = try await written([UInt8(index)], to: key, backends[index % 2])
                versions.append(version)
                #expect(version.description.hasSuffix(".0"), "ZooKeeper counts from 0")
                for old in versions.dropLast() {
                    let late = try await records(backends[1]).write([9], to: key, expecting: old, timeToLive: nil)
                    #expect(late == .conflict)
                    let isDeleted = try await records(backends[1]).delete(key, expecting: old)
                    #expect(!isDeleted)
                }
                let isDeleted = try await records(backends[1]).delete(key, expecting: version)
                #expect(isDeleted)
            }
            #expect(Set(versions).count == versions.count)
        }
    }

    @Test func `a count that would run over begins anew in another node`() async throws {
        let corner = try await Corner()
        var bounds = ClaimBounds()
        bounds.records.changesLimit = 2
        try await corner.backends(bounds: bounds) { backends in
            var versions = [try await written([0], to: key, backends[0])]
            for index in 1..<10 {
                versions.append(try await written([UInt8(index)], to: key, expecting: versions[index - 1], backends[0]))
                for old in versions.dropLast() {
                    let late = try await records(backends[0]).write([99], to: key, expecting: old, timeToLive: nil)
                    #expect(late == .conflict)
                }
            }
            #expect(Set(versions).count == versions.count)
            let record = try await records(backends[0]).read(key)
            #expect(record == Record(value: [9], version: versions[9]))
        }
        let count = try await nodes(corner)
        #expect(count == 1)
    }

    @Test func `of many writers one replaces what is over`() async throws {
        let corner = try await Corner()
        try await corner.backends(3) { backends in
            let old = try await written([1], to: key, life: life, backends[0])
            try await outlive(corner)
            let writes = try await withThrowingTaskGroup(of: RecordWrite.self) { group in
                for writer in 0..<12 {
                    group.addTask {
                        try await records(backends[writer % 3]).write(
                            [UInt8(10 + writer)], to: key, expecting: nil, timeToLive: nil)
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            let versions = writes.compactMap { if case .written(let version) = $0 { version } else { nil } }
            #expect(versions.count == 1 && versions != [old])
            let record = try await records(backends[1]).read(key)
            #expect(record?.version == versions.first)
            let late = try await records(backends[2]).write([3], to: key, expecting: old, timeToLive: nil)
            #expect(late == .conflict)
        }
    }

    @Test func `who is told that a record is over may rely on it`() async throws {
        let corner = try await Corner()
        try await corner.backends(2) { backends in
            let old = try await written([1], to: key, life: life, backends[0])
            try await outlive(corner)
            let none = try await records(backends[1]).read(key)
            #expect(none == nil)
            let late = try await records(backends[0]).write([2], to: key, expecting: old, timeToLive: nil)
            #expect(late == .conflict)
        }
        let count = try await nodes(corner)
        #expect(count == 0)
    }

    @Test func `a sweep deletes what is over and nothing else, so many and no more`() async throws {
        let corner = try await Corner()
        var bounds = ClaimBounds()
        bounds.records.recordsPerSweep = 10
        bounds.records.foldersPerSweep = 256
        bounds.records.creationsPerSweep = 1_000
        try await corner.backends(2, bounds: bounds) { backends in
            for index in 0..<25 {
                _ = try await written([1], to: LockKey(unchecked: "short/\(index)"), life: life, backends[0])
            }
            try await outlive(corner)
            await backends[1].sweep(isForced: false)
            let untouched = try await nodes(corner)
            #expect(untouched == 25, "the records are too young for another sweep")
            await backends[1].sweep(isForced: true)
            let left = try await nodes(corner)
            #expect(left == 15)
            _ = try await written([1], to: "lasting", backends[0])
            _ = try await written([1], to: "long", life: .seconds(600), backends[0])
            try await eventually("all that is over is found") {
                await backends[1].sweep(isForced: true)
                return try await nodes(corner) == 2
            }
            for _ in 0..<3 { await backends[1].sweep(isForced: true) }
            let kept = try await (records(backends[0]).read("lasting"), records(backends[0]).read("long"))
            #expect(kept.0?.value == [1] && kept.1?.value == [1])
        }
    }

    @Test func `who makes many records that end sweeps as many as it makes`() async throws {
        let corner = try await Corner()
        var bounds = ClaimBounds()
        bounds.records.creationsPerSweep = 8
        try await corner.backends(bounds: bounds) { backends in
            for index in 0..<7 {
                _ = try await written([1], to: LockKey(unchecked: "old/\(index)"), life: life, backends[0])
            }
            try await outlive(corner)
            _ = try await written([1], to: "new", life: .seconds(600), backends[0])
            try await eventually("the old ones are gone") { try await nodes(corner) == 1 }
        }
    }

    @Test func `every verb is one round trip`() async throws {
        let corner = try await Corner()
        try await corner.backends { backends in
            let store = try records(backends[0])
            let warm = try await written([1], to: key, backends[0])
            _ = try await store.delete(key, expecting: warm)
            try await expect([.multi: 1, .data: 1], backends[0]) { _ = try await written([1], to: key, backends[0]) }
            try await expect([.multi: 1, .data: 1], backends[0]) {
                let write = try await store.write([1], to: key, expecting: nil, timeToLive: nil)
                #expect(write == .conflict)
            }
            try await expect([.sync: 1, .data: 1], backends[0]) { _ = try await store.read(key) }
            let version = try #require(try await store.read(key)?.version)
            let next = Found<Record.Version>()
            try await expect([.multi: 1], backends[0]) {
                next.value = try await written([2], to: key, expecting: version, backends[0])
            }
            let last = try #require(next.value)
            try await expect([.multi: 1], backends[0]) { _ = try await store.delete(key, expecting: last) }
        }
    }

    private func expect(
        _ requests: [OpCode: Int], _ backend: ZooKeeperBackend, _ body: () async throws -> Void
    ) async throws {
        let before = backend.requestsSent
        try await body()
        // The first use looks whether a sweep is due, beside it.
        let sent = backend.requestsSent.merging(before) { $0 - $1 }
            .filter { $0.value > 0 && $0.key != .ping && $0.key != .exists }
        #expect(sent == requests)
    }
}
#endif
