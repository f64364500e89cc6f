#if SQLite
import CSQLite
import Foundation
import Glibc
import Holdfast
import Testing

@testable import HoldfastSQLite

/// What a doctor sees of a store.
@Suite(.timeLimit(.minutes(1))) struct ExamineTests {
    private func finding(_ subject: String, in backend: SQLiteBackend) async throws -> Finding {
        let findings = try await backend.examine()
        return try #require(
            findings.first { $0.subject == subject && $0.weight != .fine }
                ?? findings.first { $0.subject == subject })
    }

    @Test func `a new store is fine, and what is not fine says what to do`() async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path)
        let findings = try await backend.examine()
        #expect(findings.allSatisfy { $0.weight != .danger })
        for finding in findings where finding.weight != .fine {
            #expect(finding.remedy != nil, "\(finding)")
            // Of what the machine is, and not the store.
            #expect(["version", "file system", "space"].contains(finding.subject), "\(finding)")
        }
    }

    @Test func `claims are counted`() async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path)
        for number in 1...3 as ClosedRange<UInt64> { _ = try await backend.place(try .test(number, "k"), .always) }
        #expect(try await finding("claims", in: backend).text == "1 held, 2 waiting")
    }

    @Test(arguments: [("", 0o666), ("-turn", 0o622), (".d", 0o777)])
    func `what everybody may write is a danger`(_ suffix: String, _ mode: Int) async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path)
        try #require(chmod(store.path + suffix, mode_t(mode)) == 0)
        let found = try await finding("permissions", in: backend)
        #expect(found.weight == .danger)
        #expect(found.remedy == "chmod o-w \(store.path + suffix)")
    }

    @Test func `what a group may write is worth knowing, and so is a folder of all`() async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path)
        try #require(chmod(store.path, 0o660) == 0)
        #expect(try await finding("permissions", in: backend).weight == .notice)
        try #require(chmod(store.path, 0o600) == 0 && chmod(store.folder, 0o1777) == 0)
        #expect(try await finding("permissions", in: backend).weight == .notice)
    }

    @Test func `a process whose file was removed is noticed`() async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path)
        _ = try await backend.place(try .test(1, "k"), .always)
        try #require(unlink(OwnerDirectory(storePath: store.path).lockPath(backend.processID)) == 0)
        let found = try await finding("processes", in: backend)
        #expect(found.weight == .notice && found.text.contains("1 with claims and without a file"))
    }

    @Test(arguments: ["claims", "queues", "records"]) func `a damaged file is a danger`(_ table: String) async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path)
        // Enough for pages of their own, brought into the file.
        for number in 1...100 as ClosedRange<UInt64> {
            _ = try await backend.place(try .test(number, LockKey("key/\(number)")), .always)
        }
        var database: OpaquePointer?
        try #require(sqlite3_open(store.path, &database) == SQLITE_OK)
        try #require(sqlite3_exec(database, "PRAGMA wal_checkpoint(TRUNCATE)", nil, nil, nil) == SQLITE_OK)
        sqlite3_close(database)
        let file = open(store.path, O_RDWR | O_CLOEXEC)
        let page = try #require(
            Int(try StoreReader.text("SELECT rootpage FROM sqlite_master WHERE name = '\(table)'", store.path)))
        let noise = [UInt8](repeating: 0xA5, count: 1024)
        #expect(pwrite(file, noise, noise.count, (page - 1) * 1024) == noise.count)
        close(file)
        // A connection of its own sees the file as it is.
        let found = try await finding("integrity", in: backend)
        #expect(found.weight == .danger, "\(found)")
    }

    @Test func `a store that is gone cannot be examined`() async throws {
        let store = try TestStore()
        let backend = try SQLiteBackend(path: store.path)
        try store.remove()
        await #expect(throws: LockError.self) { try await backend.examine() }
        #expect(!FileManager.default.fileExists(atPath: store.path))
    }

    @Test(arguments: [
        (3_040_001, true), (3_044_005, true), (3_044_006, false), (3_045_000, true), (3_050_006, true),
        (3_050_007, false), (3_051_002, true), (3_051_003, false), (3_053_000, false),
    ])
    func `the versions with the bug in the log's reset are known`(_ version: Int, _ isAffected: Bool) {
        #expect(StoreExamination.mayLoseCommits(Int32(version)) == isAffected)
    }
}
#endif
