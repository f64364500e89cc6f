#if MySQL
import Holdfast
import ServerKit
import Testing

@testable import HoldfastMySQL

/// Records as rows: what is over, what waits for a row, what a table that is not there does.
@Suite(.serialized, .timeLimit(.minutes(2))) struct RecordRowTests {
    /// The shortest that there is.
    private static let life: Duration = .seconds(1)

    private func written(
        _ value: [UInt8], _ key: LockKey, expecting expected: Record.Version? = nil, life: Duration? = nil,
        _ records: any RecordStore
    ) async throws -> Record.Version {
        let write = try await records.write(value, to: key, expecting: expected, timeToLive: life)
        guard case .written(let version) = write else { throw TestFailure("\(key): \(write)") }
        return version
    }

    /// How many rows there are, and how many are over.
    private func rows(_ corner: Corner) async throws -> (Int, Int) {
        let answer = try await corner.ask(
            """
            SELECT COUNT(*), COALESCE(SUM(expires_at <= \(TableLayout.now)), 0) FROM holdfast_records \
            WHERE name LIKE '\(corner.configuration.prefix)%'
            """)
        let numbers = (answer.results.first?.rows?.first ?? []).compactMap { $0.flatMap { Int($0) } }
        try #require(numbers.count == 2, "\(answer)")
        return (numbers[0], numbers[1])
    }

    private func over(_ count: Int, _ corner: Corner) async throws {
        try await eventually("\(count) lives are over") { try await rows(corner).1 == count }
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `what is over is absent for every verb, while its row is there`(_ locks: MySQLConfiguration.Locks) async throws
    {
        let corner = try await Corner(nil, locks)
        try await running([try MySQLBackend(corner.configuration)]) { backends in
            let records = try #require(backends[0].records)
            let read = try await written([1], "u/read", life: Self.life, records)
            let update = try await written([1], "u/update", life: Self.life, records)
            let delete = try await written([1], "u/delete", life: Self.life, records)
            _ = try await written([1], "u/insert", life: Self.life, records)
            try await over(4, corner)
            #expect(try await records.read("u/read") == nil)
            #expect(try await records.write([2], to: "u/update", expecting: update, timeToLive: nil) == .conflict)
            #expect(try await !records.delete("u/delete", expecting: delete))
            let rows = try await rows(corner)
            #expect(rows == (4, 4))
            let anew = try await written([], "u/insert", records)
            #expect(try await records.read("u/insert") == Record(value: [], version: anew))
            #expect(try await !records.delete("u/read", expecting: read))
        }
    }

    @Test func `of many that write where there is none, or none any more, one is first`() async throws {
        let corner = try await Corner(nil, .table)
        try await running([try corner.table(), try corner.table()]) { backends in
            let records = try backends.map { try #require($0.records) }
            for round in 0..<4 {
                let keys = (0..<10).map { LockKey("u/\(round)/\($0)") }
                if round % 2 == 1 {
                    for key in keys { _ = try await written([0], key, life: Self.life, records[0]) }
                    try await over(10, corner)
                }
                for key in keys {
                    let writes = try await withThrowingTaskGroup(of: RecordWrite.self) { group in
                        for writer in 0..<8 {
                            group.addTask {
                                try await records[writer % 2].write(
                                    [UInt8(writer)], to: key, expecting: nil, timeToLive: .seconds(60))
                            }
                        }
                        return try await group.reduce(into: []) { $0.append($1) }
                    }
                    let first = writes.filter { $0 != .conflict }
                    let version = try await records[1].read(key)?.version
                    #expect(first == version.map { [.written($0)] })
                }
                let rows = try await rows(corner)
                #expect(rows == (10 * (round + 1), 0))
            }
        }
    }

    @Test(arguments: ["update", "delete", "insert", "read"])
    func `who waits for a row judges its life by the clock as it is afterwards`(_ verb: String) async throws {
        let corner = try await Corner(nil, .table)
        try await running([try corner.table()]) { backends in
            let records = try #require(backends[0].records)
            let version = try await written([1], "u/k", life: Self.life, records)
            let name = "x'\(SQLText.digits((corner.configuration.prefix + "u/k").utf8))'"
            let other = try await corner.server.session()
            _ = try await other.run(
                "START TRANSACTION; SELECT 1 FROM holdfast_records WHERE name = \(name) FOR UPDATE", within: .seconds(5)
            )
            async let outcome: String = {
                switch verb {
                case "update": "\(try await records.write([2], to: "u/k", expecting: version, timeToLive: nil))"
                case "delete": "\(try await records.delete("u/k", expecting: version))"
                case "insert":
                    try await records.write([2], to: "u/k", expecting: nil, timeToLive: nil) == .conflict
                        ? "conflict" : "written"
                default: try await records.read("u/k") == nil ? "none" : "there"
                }
            }()
            try await eventually("it waits for the row") {
                let answer = try await corner.ask(
                    "SELECT COUNT(*) FROM information_schema.INNODB_TRX WHERE trx_state = 'LOCK WAIT'")
                return answer.results.first?.first == "1"
            }
            try await over(1, corner)
            await other.close()
            let expected = ["update": "conflict", "delete": "false", "insert": "written", "read": "none"]
            let found = try await outcome
            #expect(found == expected[verb])
        }
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `what is over is deleted, a few rows at a time`(_ locks: MySQLConfiguration.Locks) async throws {
        let corner = try await Corner(nil, locks)
        var bounds = MySQLBounds()
        bounds.sweepInterval = .milliseconds(20)
        (bounds.namesPerSweep, bounds.batchesPerSweep) = (3, 2)
        let backend = try MySQLBackend(corner.configuration, logger: nil, bounds: bounds)
        try await running([backend]) { backends in
            let records = try #require(backends[0].records)
            for number in 0..<20 { _ = try await written([1], LockKey("u/\(number)"), life: Self.life, records) }
            let lasting = try await written([2], "u/lasting", records)
            let long = try await written([3], "u/long", life: .seconds(600), records)
            try await eventually("they are gone") { try await rows(corner).0 == 2 }
            #expect(try await records.read("u/lasting") == Record(value: [2], version: lasting))
            #expect(try await records.read("u/long") == Record(value: [3], version: long))
        }
    }

    @Test(arguments: [MySQLConfiguration.Locks.named, .table])
    func `a table of records that is dropped is made anew`(_ locks: MySQLConfiguration.Locks) async throws {
        let corner = try await Corner(try await MySQLServer(), locks)
        try await running([try MySQLBackend(corner.configuration)]) { backends in
            let records = try #require(backends[0].records)
            for round in 0..<2 {
                #expect(try await records.read("u/k") == nil)
                _ = try await written([UInt8(round)], "u/k", records)
                let dropped = try await corner.ask("DROP TABLE holdfast_records")
                #expect(dropped.fault == nil)
            }
        }
    }
}
#endif
