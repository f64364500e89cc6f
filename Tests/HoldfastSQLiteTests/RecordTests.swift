#if SQLite
import Foundation
import Holdfast
import Synchronization
import Testing

@testable import HoldfastSQLite

/// What the embedded store adds to the contract of records: lives by the wall clock, bounds, boots, files that go.
@Suite(.timeLimit(.minutes(1))) struct RecordTests {
    /// A wall clock that is set by hand, in seconds.
    private final class WallClock: Sendable {
        private let seconds = Atomic<Int64>(1_800_000_000)
        func step(by change: Int64) { seconds.add(change, ordering: .sequentiallyConsistent) }
        var microseconds: Int64 { seconds.load(ordering: .sequentiallyConsistent) * 1_000_000 }
    }

    private func backend(
        _ store: TestStore, boot: String = BootClock.identity(), _ clock: WallClock? = nil
    ) throws -> SQLiteBackend {
        guard let clock else { return try SQLiteBackend(path: store.path, prefix: "", liveness: nil, boot: boot) }
        return try SQLiteBackend(
            path: store.path, prefix: "", liveness: nil, boot: boot, wallClock: { clock.microseconds })
    }

    private func written(
        _ backend: SQLiteBackend, _ key: LockKey, _ value: [UInt8] = [1], expecting: Record.Version? = nil,
        life: Duration? = nil
    ) async throws -> Record.Version {
        let write = try await backend.write(value, to: key, expecting: expecting, timeToLive: life)
        guard case .written(let version) = write else { throw LockError(.busy, "conflict", key: key) }
        return version
    }

    /// The rows that there are, and how many are counted.
    private func rows(_ store: TestStore) throws -> [Int] {
        try StoreReader.text("SELECT (SELECT count(*) FROM records), record_count FROM meta", store.path)
            .split(separator: " ").compactMap { Int($0) }
    }

    @Test func `a record outlives its process and its boot, with its life, and versions go on`() async throws {
        let store = try TestStore()
        let clock = WallClock()
        var last = try await written(backend(store, boot: "boot-1", clock), "a", life: .seconds(100))
        for boot in ["boot-1", "boot-2"] {
            try? FileManager.default.removeItem(atPath: store.path + ".d")
            clock.step(by: 30)
            let next = try backend(store, boot: boot, clock)
            #expect(try await next.read("a") == Record(value: [1], version: last))
            let version = try await written(next, "a", expecting: last, life: .seconds(100))
            #expect(try #require(Int64(version.description)) > (try #require(Int64(last.description))))
            last = version
        }
        let end = try backend(store, boot: "boot-2", clock)
        clock.step(by: 99)
        #expect(try await end.read("a") != nil)
        clock.step(by: 2)
        #expect(try await end.read("a") == nil)
    }

    @Test func `a life ends by the wall clock, in every verb and every process`() async throws {
        let store = try TestStore()
        let clock = WallClock()
        let backends = [try backend(store, clock), try backend(store, clock)]
        let version = try await written(backends[0], "a", life: .seconds(60))
        let other = try await written(backends[0], "b", life: .seconds(60))
        clock.step(by: 59)
        for backend in backends { #expect(try await backend.read("a")?.version == version) }
        clock.step(by: 2)
        for backend in backends {
            #expect(try await backend.read("a") == nil)
            #expect(try await backend.write([2], to: "a", expecting: version, timeToLive: nil) == .conflict)
            #expect(try await !backend.delete("a", expecting: version))
        }
        #expect(try await written(backends[1], "a") != version)
        // What is over and was not deleted yet comes back where the clock is set back, in its old version.
        clock.step(by: -30)
        let seen = try await backends[0].read("b")?.version
        #expect(seen == nil || seen == other)
        #expect(try await backends[0].read("a")?.value == [1])
    }

    @Test func `what is over is deleted, two with each change, and the count is kept`() async throws {
        let store = try TestStore()
        let clock = WallClock()
        let backend = try backend(store, clock)
        for number in 0..<50 { _ = try await written(backend, LockKey("old/\(number)"), life: .seconds(1)) }
        var last = try await written(backend, "lasting")
        #expect(try rows(store) == [51, 51])
        clock.step(by: 10)
        for round in 1...24 {
            last = try await written(backend, "lasting", expecting: last)
            #expect(try rows(store) == [51 - 2 * round, 51 - 2 * round])
        }
        // In place of one that is over and still there, and the last.
        #expect(try await backend.delete("lasting", expecting: last))
        #expect(try rows(store) == [0, 0])
    }

    @Test func `a record in the place of one that is over is counted once`() async throws {
        let store = try TestStore()
        let clock = WallClock()
        let backend = try backend(store, clock)
        let old = try await written(backend, "a", life: .seconds(1))
        clock.step(by: 10)
        #expect(try await written(backend, "a") != old)
        #expect(try rows(store) == [1, 1])
    }

    @Test func `there is a greatest number, with an error that says so, and what is over makes room`() async throws {
        let store = try TestStore()
        let clock = WallClock()
        let backend = try backend(store, clock)
        let version = try await written(backend, "a", life: .seconds(60))
        try StoreReader.execute("UPDATE meta SET record_count = \(RecordTable.recordsLimit)", store.path)
        let error = await #expect(throws: LockError.self) { try await written(backend, "b") }
        #expect(error?.code == .limitExceeded)
        // What is there may be changed, and locks are taken.
        let next = try await written(backend, "a", [2], expecting: version, life: .seconds(60))
        #expect(try await backend.place(.test(1, "a"), .always).token != nil)
        clock.step(by: 61)
        #expect(try await backend.read("a")?.version != next)
        _ = try await written(backend, "b")
        #expect(try rows(store) == [1, RecordTable.recordsLimit])
    }

    @Test(arguments: ["", "a\n", LockKey(unchecked: String(repeating: "a", count: LockKey.bytesLimit + 1))])
    func `a name that is none is refused, and reads as nothing`(_ key: LockKey) async throws {
        let store = try TestStore()
        let backend = try backend(store)
        let error = await #expect(throws: LockError.self) { try await written(backend, key) }
        #expect(error?.code == .invalidKey)
        #expect(try await backend.read(key) == nil)
        #expect(try await !backend.delete(key, expecting: Record.Version("1")))
    }

    @Test func `a value that is too long is refused alone, and its neighbours of one batch are written`() async throws {
        let store = try TestStore()
        let backend = try backend(store)
        let long = [UInt8](repeating: 1, count: Record.valueBytesLimit + 1)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for number in 0..<64 {
                group.addTask { _ = try await written(backend, LockKey("good/\(number)")) }
                group.addTask {
                    let error = await #expect(throws: LockError.self) {
                        try await written(backend, LockKey("long/\(number)"), long)
                    }
                    #expect(error?.code == .invalidArgument)
                }
            }
            try await group.waitForAll()
        }
        #expect(try rows(store) == [64, 64])
    }

    @Test func `a prefix stands before the names, and not before the claims' only`() async throws {
        let store = try TestStore()
        let plain = try backend(store)
        let app = try SQLiteBackend(path: store.path, prefix: "app/")
        _ = try await written(app, "a", [1])
        #expect(try await plain.read("a") == nil)
        #expect(try await plain.read("app/a")?.value == [1])
    }

    @Test func `in the place of a deleted store a record is absent, and no version comes again`() async throws {
        let store = try TestStore()
        let backend = try backend(store)
        var versions: [Int64] = []
        for round in 0..<3 {
            #expect(try await backend.read("a") == nil)
            if round == 2 { #expect(try await !backend.delete("a", expecting: Record.Version("\(versions[0])"))) }
            versions.append(try #require(Int64(try await written(backend, "a").description)))
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: store.path + suffix) }
        }
        #expect(versions == versions.sorted() && Set(versions).count == 3)
    }

    @Test func `a read waits for no writer`() async throws {
        let store = try TestStore()
        let backend = try backend(store)
        let version = try await written(backend, "a")
        // Somebody is in his turn, and does not end it.
        let turn = try WriteTurn(storePath: store.path)
        try turn.begin()
        #expect(try await backend.read("a")?.version == version)
        turn.end()
    }

    @Test func `a doctor counts the records, and says when there is little room`() async throws {
        let store = try TestStore()
        let backend = try backend(store)
        for number in 0..<3 { _ = try await written(backend, LockKey("\(number)")) }
        func found() async throws -> Finding? {
            try await backend.examine().first { $0.subject == "records" }
        }
        #expect(try await found()?.text == "3 records")
        #expect(try await found()?.weight == .fine)
        try StoreReader.execute("UPDATE meta SET record_count = \(RecordTable.recordsLimit - 5)", store.path)
        #expect(try await found()?.weight == .notice)
        #expect(try await found()?.remedy != nil)
    }
}
#endif
