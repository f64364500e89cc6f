#if SQLite
import Foundation
import Glibc
import Holdfast
import HoldfastSQLite
import Testing

@Suite(.timeLimit(.minutes(1))) struct StoreFileTests {
    private func code(_ path: String) -> LockError.Code? {
        do throws(LockError) {
            _ = try SQLiteBackend(path: path)
            return nil
        } catch {
            #expect(!error.message.contains("\n"))
            return error.code
        }
    }

    /// Writes until the disk is full.
    private func fill(_ path: String) {
        let file = open(path, O_WRONLY | O_CREAT, 0o600)
        defer { close(file) }
        let page = [UInt8](repeating: 0, count: 4096)
        while write(file, page, page.count) > 0 {}
    }

    @Test func `a file that is no database is refused and stays as it was`() throws {
        let store = try TestStore()
        let bytes = Array("this is a letter, and no database at all. ".utf8) + Array(repeating: 0x2E, count: 4096)
        try store.write(bytes)
        #expect(code(store.path) == .storeUnusable)
        #expect(try Array(Data(contentsOf: URL(fileURLWithPath: store.path))) == bytes)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder) == ["locks.db"])
    }

    @Test func `another program's database is refused and keeps its journal`() throws {
        let store = try TestStore()
        try StoreReader.execute("CREATE TABLE users (name TEXT)", store.path)
        let before = try Data(contentsOf: URL(fileURLWithPath: store.path))
        #expect(code(store.path) == .storeUnusable)
        #expect(try Data(contentsOf: URL(fileURLWithPath: store.path)) == before)
    }

    @Test(arguments: [-1, 3, 77]) func `a store of a version that is not known is refused`(_ version: Int) throws {
        let store = try TestStore()
        #expect(code(store.path) == nil)
        try StoreReader.execute("PRAGMA user_version = \(version)", store.path)
        #expect(code(store.path) == .storeUnusable)
        #expect(try StoreReader.text("PRAGMA user_version", store.path) == "\(version)")
    }

    @Test func `a missing directory and a directory in the file's place are refused`() throws {
        let store = try TestStore()
        #expect(code(store.folder + "/none/locks.db") == .storeUnusable)
        #expect(code(store.folder) == .storeUnusable)
    }

    /// By another name its processes would see neither each other's lives nor their turns.
    @Test func `a store that has a second name is refused, by either`() throws {
        let store = try TestStore()
        let other = store.folder + "/other.db"
        try FileManager.default.createSymbolicLink(atPath: other, withDestinationPath: "locks.db")
        // Also while there is nothing behind it.
        #expect(code(other) == .storeUnusable)
        #expect(try FileManager.default.contentsOfDirectory(atPath: store.folder) == ["other.db"])
        do {
            let open = try SQLiteBackend(path: store.path)
            #expect(code(other) == .storeUnusable)
            try FileManager.default.removeItem(atPath: other)
            try FileManager.default.linkItem(atPath: store.path, toPath: other)
            #expect(code(other) == .storeUnusable && code(store.path) == .storeUnusable)
            let beside = try FileManager.default.contentsOfDirectory(atPath: store.folder)
            #expect(!beside.contains { $0.hasPrefix("other.db") && $0 != "other.db" })
            withExtendedLifetime(open) {}
        }
        try FileManager.default.removeItem(atPath: other)
        #expect(code(store.path) == nil)
        // A folder may have as many as it likes.
        let folder = store.folder + "-link"
        try FileManager.default.createSymbolicLink(atPath: folder, withDestinationPath: store.folder)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        #expect(code(folder + "/locks.db") == nil)
    }

    @Test(.enabled(if: getuid() == 0, "mounting needs root"))
    func `a file that is mounted by itself is refused, a folder is not`() throws {
        let store = try TestStore()
        let other = try TestStore()
        #expect(code(store.path) == nil)
        try other.write([])
        do {
            try #require(mount(store.path, other.path, nil, UInt(MS_BIND), nil) == 0)
            defer { umount2(other.path, Int32(MNT_DETACH)) }
            #expect(code(other.path) == .storeUnusable)
        }
        try #require(mount(store.folder, other.folder, nil, UInt(MS_BIND), nil) == 0)
        defer { umount2(other.folder, Int32(MNT_DETACH)) }
        #expect(code(other.path) == nil)
    }

    @Test func `a liveness of another store is refused`() throws {
        let (store, other) = (try TestStore(), try TestStore())
        let liveness = try SQLiteLiveness(storePath: other.path)
        let error = #expect(throws: LockError.self) { try SQLiteBackend(path: store.path, liveness: liveness) }
        #expect(error?.code == .storeUnusable)
    }

    /// Ways to put another file, or the same by another name, in the place of a store in use.
    enum Exchange: CaseIterable {
        case file, folder, folderAround

        /// - Returns: where the store is.
        func prepare(_ store: TestStore) throws -> String {
            guard self != .file else { return store.path }
            for name in ["one", "two"] {
                try FileManager.default.createDirectory(
                    atPath: store.folder + "/" + name, withIntermediateDirectories: false)
            }
            let link = store.folder + "/current"
            try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: "one")
            return link + "/locks.db"
        }

        func exchange(_ store: TestStore) throws {
            switch self {
            case .file:
                let moved = store.folder + "/moved.db"
                try FileManager.default.linkItem(atPath: store.path, toPath: moved)
                try link(store.path, to: moved)
            case .folder: try link(store.folder + "/current", to: "two")
            case .folderAround:
                // The same file, and nothing of what stood beside it.
                let one = store.folder + "/one/locks.db"
                try FileManager.default.linkItem(atPath: one, toPath: store.folder + "/two/locks.db")
                try link(store.folder + "/current", to: "two")
                try FileManager.default.removeItem(atPath: one)
            }
        }

        /// In one step.
        private func link(_ path: String, to destination: String) throws {
            try FileManager.default.createSymbolicLink(atPath: path + ".new", withDestinationPath: destination)
            try #require(rename(path + ".new", path) == 0)
        }
    }

    /// Others would not see that who goes on lives.
    @Test(arguments: Exchange.allCases)
    func `a store that is exchanged for a link loses its leases, and gives no more`(_ way: Exchange) async throws {
        let store = try TestStore()
        let path = try way.prepare(store)
        let backend = try SQLiteBackend(path: path)
        let loss = await #expect(throws: LockError.self) {
            try await LockClient.withClient(backend: backend) { locks in
                try await locks.withLock("a") { lease in
                    try way.exchange(store)
                    #expect(await lease.whenLost() == .removed)
                }
            }
        }
        #expect(loss?.code == .leaseLost)
        let refusal = await #expect(throws: LockError.self) { try await backend.place(.test(1, "b"), .always) }
        #expect(refusal?.code == .storeUnusable)
        // Whoever comes now is told, or is alone there.
        if way != .folderAround { #expect(code(path) == (way == .file ? .storeUnusable : nil)) }
    }

    @Test func `a new store is for its owner alone`() throws {
        let store = try TestStore()
        _ = try SQLiteBackend(path: store.path)
        let mode = try FileManager.default.attributesOfItem(atPath: store.path)[.posixPermissions] as? Int
        #expect(mode == 0o600)
    }

    @Test(.enabled(if: getuid() == 0, "mounting a small disk needs root"))
    func `a full disk refuses new claims with an error, and recovers`() async throws {
        let store = try TestStore()
        try #require(mount("tmpfs", store.folder, "tmpfs", 0, "size=256k") == 0)
        defer { umount2(store.folder, Int32(MNT_DETACH)) }
        let backend = try SQLiteBackend(path: store.path)
        _ = try await backend.place(.test(1, "held"), .always)
        let filler = store.folder + "/filler"
        fill(filler)
        var failure: LockError?
        for number: UInt64 in 2...2000 {
            do throws(LockError) {
                guard let claim = try? Claim.test(number, "key-\(number)") else { break }
                _ = try await backend.place(claim, .always)
            } catch {
                failure = error
                break
            }
        }
        #expect(failure?.code == .storeUnusable)
        try FileManager.default.removeItem(atPath: filler)
        #expect(try await backend.place(.test(1, "held"), .always).token != nil)
        #expect(try await backend.remove(Claim.test(1, "held").id) == .removed)
    }
}
#endif
