#if MySQL
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastMySQL

/// Writers whose server dies, or whose sessions are killed.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RecordFaultTests {
    private static let key: LockKey = "u/k"

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `a server that is killed has what it acknowledged, and no version comes again`(
        _ locks: MySQLConfiguration.Locks
    ) async throws {
        let server = try await MySQLServer()
        let corner = try await Corner(server, locks)
        let counter = Counter()
        for round in 0..<4 {
            try await running([try MySQLBackend(corner.configuration)]) { backends in
                let records = try #require(backends[0].records)
                let enough = counter.tally.acknowledged + 40
                await withTaskGroup(of: Void.self) { group in
                    for _ in 0..<6 {
                        group.addTask {
                            while await counter.step(records, Self.key) {
                                // In the middle of the others' writes.
                                if counter.tally.acknowledged >= enough, counter.isFirst(round) { server.kill() }
                            }
                        }
                    }
                }
            }
            try await server.start()
            try await running([try MySQLBackend(corner.configuration)]) { backends in
                let records = try #require(backends[0].records)
                let record = try #require(try await records.read(Self.key))
                counter.found(record)
                // What is deleted begins anew, and no old version meets it.
                guard round % 2 == 1 else { return }
                #expect(try await records.delete(Self.key, expecting: record.version))
                let write = try await records.write(record.value, to: Self.key, expecting: nil, timeToLive: nil)
                guard case .written(let version) = write else { throw TestFailure("\(write)") }
                #expect(counter.tally.versions[version] == nil)
                for old in counter.tally.versions.keys.prefix(20) {
                    #expect(try await records.write([], to: Self.key, expecting: old, timeToLive: nil) == .conflict)
                }
            }
        }
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `writers whose sessions are killed lose and double nothing`(_ locks: MySQLConfiguration.Locks) async throws {
        let corner = try await Corner(try await MySQLServer(), locks)
        let counter = Counter()
        let backends = try (0..<2).map { _ in try MySQLBackend(corner.configuration) }
        try await running(backends) { backends in
            let records = try backends.map { try #require($0.records) }
            #expect(await counter.step(records[0], Self.key))
            let end = ContinuousClock.now + .seconds(4)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    while ContinuousClock.now < end {
                        let running = try await corner.ask(
                            """
                            SELECT id FROM information_schema.processlist WHERE info LIKE '%holdfast_records%' \
                            AND id <> CONNECTION_ID()
                            """)
                        for id in (running.results.first?.rows ?? []).compactMap({ $0.first ?? nil }) {
                            _ = try await corner.ask("KILL \(Bool.random() ? "QUERY" : "") \(id)")
                        }
                    }
                }
                for writer in 0..<8 {
                    group.addTask {
                        while ContinuousClock.now < end { _ = await counter.step(records[writer % 2], Self.key) }
                    }
                }
                try await group.waitForAll()
            }
            counter.found(try #require(try await records[1].read(Self.key)))
            let tally = counter.tally
            #expect(tally.unknown > 0 && tally.acknowledged > 20, "\(tally.unknown) of \(tally.acknowledged)")
        }
    }
}

/// A number in a record, and what its writers know of it.
private final class Counter: Sendable {
    struct Tally {
        var acknowledged = 0
        var unknown = 0
        /// Which number each version stood for: found with another, it would have come again.
        var versions: [Record.Version: UInt64] = [:]
        var killed: Set<Int> = []
    }

    private let state = Mutex(Tally())

    var tally: Tally { state.withLock { $0 } }

    func isFirst(_ round: Int) -> Bool { state.withLock { $0.killed.insert(round).inserted } }

    /// Counts one up, where nobody else does meanwhile.
    ///
    /// - Returns: `false` where nobody knows whether it did.
    func step(_ records: any RecordStore, _ key: LockKey) async -> Bool {
        do throws(LockError) {
            let record = try await records.read(key)
            let number = record.map { Self.number($0.value) } ?? 0
            if let record { saw(record.version, number) }
            let next = withUnsafeBytes(of: (number + 1).littleEndian) { Array($0) }
            guard
                case .written(let version) = try await records.write(
                    next, to: key, expecting: record?.version, timeToLive: nil)
            else { return true }
            state.withLock { $0.acknowledged += 1 }
            saw(version, number + 1)
            return true
        } catch {
            #expect(error.code == .unavailable)
            state.withLock { $0.unknown += 1 }
            return false
        }
    }

    /// What is there at last: all that was acknowledged, and of the rest what was done.
    func found(_ record: Record) {
        let number = Self.number(record.value)
        saw(record.version, number)
        let tally = tally
        #expect(number >= UInt64(tally.acknowledged) && number <= UInt64(tally.acknowledged + tally.unknown))
    }

    private func saw(_ version: Record.Version, _ number: UInt64) {
        let known = state.withLock { $0.versions.updateValue(number, forKey: version) }
        #expect(known == nil || known == number, "a version came again")
    }

    private static func number(_ bytes: [UInt8]) -> UInt64 { bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) } }
}
#endif
