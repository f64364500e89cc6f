#if Redis
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

/// What the conformance suite does not see of records: the two keys, their lives, and what the server refuses.
@Suite(.timeLimit(.minutes(1))) struct RecordTests {
    private static let key: LockKey = "u/profile/42"
    private static let record = "{lock:u/profile/42}:hf:r"
    private static let version = "{lock:u/profile/42}:hf:v"

    private func records<R: Sendable>(
        on server: RedisServer, _ change: (inout RedisConfiguration) -> Void = { _ in },
        _ body: @escaping @Sendable (any RecordStore) async throws -> R
    ) async throws -> R {
        try await server.backends(1, change) { backends in
            try await body(try #require(backends[0].records))
        }
    }

    private static func write(
        _ text: String, _ records: any RecordStore, expecting expected: Record.Version? = nil, life: Duration? = nil
    ) async throws -> Record.Version {
        let write = try await records.write(Array(text.utf8), to: key, expecting: expected, timeToLive: life)
        guard case .written(let version) = write else { throw TestFailure("\(text) is not written") }
        return version
    }

    @Test func `a record without an end is one key, and a deleted one is its version for 48 hours`() async throws {
        let server = try await RedisServer()
        try await records(on: server) { records in
            let first = try await Self.write("text", records)
            #expect(try server.keysLeft() == [Self.record])
            #expect(try server.command("GET", Self.record).text == "\(first) text")
            #expect(try server.command("PTTL", Self.record).int == -1)
            let deleted = try await records.delete(Self.key, expecting: first)
            #expect(deleted)
            #expect(try server.keysLeft() == [Self.version])
            let life = try #require(try server.command("PTTL", Self.version).int)
            #expect(life > 47 * 3_600_000 && life <= 48 * 3_600_000)
            #expect(try server.command("GET", Self.version).text == first.description)
        }
    }

    @Test func `the version of a record that ends outlives it by 48 hours`() async throws {
        let server = try await RedisServer()
        try await records(on: server) { records in
            let version = try await Self.write("text", records, life: .seconds(3600))
            let life = try #require(try server.command("PTTL", Self.record).int)
            let longer = try #require(try server.command("PTTL", Self.version).int)
            #expect(life > 3_500_000 && life <= 3_600_000)
            #expect(longer > life + 47 * 3_600_000 && longer <= 49 * 3_600_000)
            #expect(try server.command("GET", Self.version).text == version.description)
        }
    }

    @Test(arguments: ["deleted", "expired", "there"])
    func `versions rise also where the clock is behind them`(_ state: String) async throws {
        let server = try await RedisServer()
        try await records(on: server) { records in
            let ahead = 4_503_599_627_370_496
            try server.command("SET", Self.version, "\(ahead)")
            var last = try await Self.write("a", records, life: .seconds(1))
            #expect(last.description == "\(ahead + 1)")
            var expected: Record.Version? = last
            switch state {
            case "deleted":
                last = try await Self.write("b", records, expecting: last)
                #expect(last.description == "\(ahead + 2)")
                _ = try await records.delete(Self.key, expecting: last)
                expected = nil
            case "expired":
                try await eventually("its life is over") { try await records.read(Self.key) == nil }
                expected = nil
            default: break
            }
            let next = try await Self.write("c", records, expecting: expected)
            #expect(next.description == "\(ahead + (state == "deleted" ? 3 : 2))")
        }
    }

    @Test func `records of any name have their keys in one slot, and no claim's key has their names`() async throws {
        let server = try await RedisServer(lines: [], isClusterNode: true)
        for prefix in ["lock:", "", "{app}lock:", "{lock", "{"] {
            for names in [RedisConfiguration.Names.encoded, .raw] {
                let codec = NameCodec(prefix: prefix, names: names)
                for text in ["u/a", "{t}b", "a}", "{", "u/\u{e9}", "a b", "a!hf.r", "x}:hf:r"] {
                    let key = LockKey(unchecked: text)
                    let found = codec.names(ofRecord: key)
                    let slots = try [found.record, found.version].map {
                        try server.command("CLUSTER", "KEYSLOT", $0).int
                    }
                    #expect(Set(slots).count == 1 && slots[0] != nil, "\(found)")
                    let claim = KeyNames(string: codec.string(of: key))
                    let others = [claim.string, claim.counter, claim.queue, claim.entries]
                    #expect(Set(others + [found.record, found.version]).count == 6, "\(found)")
                    guard names == .encoded else { continue }
                    #expect(codec.key(of: found.record) == nil && codec.key(of: found.version) == nil, "\(found)")
                    #expect(KeyNames.string(ofQueue: found.record) == nil)
                }
            }
        }
    }

    @Test(arguments: ["lock:", "{app}lock:"]) func `a cluster keeps records and notes`(_ prefix: String) async throws {
        let server = try await RedisServer(lines: [], isClusterNode: true)
        try server.command("CLUSTER", "ADDSLOTSRANGE", "0", "16383")
        try await eventually("the cluster stands", within: .seconds(20)) {
            try server.command("CLUSTER", "INFO").text?.contains("cluster_state:ok") == true
        }
        let claims = Claims()
        try await server.backends(1) {
            $0.prefix = prefix
        } _: { backends in
            let records = try #require(backends[0].records)
            for number in 0..<20 {
                let key = LockKey(unchecked: "u/{\(number)}")
                let claim = try claims.next(key, .shared)
                try await backends[0].hold(claim)
                _ = try await backends[0].annotate(claim.id, with: ClaimNote("note \(number)"))
                let write = try await records.write([7], to: key, expecting: nil, timeToLive: .seconds(100))
                guard case .written(let version) = write else { throw TestFailure("not written") }
                #expect(try await records.read(key) == Record(value: [7], version: version))
                #expect(try await records.delete(key, expecting: version))
                let listed = try await backends[0].claims(withPrefix: key.text, limit: 10)
                #expect(listed.map(\.note.text) == ["note \(number)"])
                #expect(try await backends[0].remove(claim.id) == .removed)
            }
        }
    }

    @Test func `on a cluster a brace in the prefix that is no tag is an error`() async throws {
        let server = try await RedisServer(lines: [], isClusterNode: true)
        try await records(on: server) {
            $0.prefix = "a}b"
        } _: { records in
            // What is known of the server comes with the connection.
            _ = try? await records.read("warm")
            let error = await #expect(throws: LockError.self) { try await records.read(Self.key) }
            #expect(error?.code == .invalidKey)
        }
    }

    @Test func `keys that are another program's are an error that says so`() async throws {
        let server = try await RedisServer()
        try await records(on: server) { records in
            for spoil in [
                ["HSET", Self.record, "a", "b"], ["SET", Self.record, "text"], ["SET", Self.version, "text"],
            ] {
                try server.command("FLUSHALL")
                _ = try RawConnection(unix: server.socket).command(spoil)
                let error = await #expect(throws: LockError.self) {
                    _ = try await records.read(Self.key)
                    _ = try await records.write([], to: Self.key, expecting: nil, timeToLive: nil)
                }
                #expect(error?.code == .storeUnusable, "\(spoil): \(error as Any)")
            }
        }
    }

    @Test func `a full memory refuses writes, and takes deletions`() async throws {
        let server = try await RedisServer()
        try await records(on: server) { records in
            let version = try await Self.write("text", records)
            try server.command("CONFIG", "SET", "maxmemory", "1")
            let error = await #expect(throws: LockError.self) {
                _ = try await Self.write("more", records, expecting: version)
            }
            #expect(error?.code == .unavailable)
            #expect(try await records.read(Self.key)?.version == version)
            #expect(try await records.delete(Self.key, expecting: version))
            try server.command("CONFIG", "SET", "maxmemory", "0")
            #expect(try server.keysLeft() == [Self.version])
        }
    }

    @Test func `a value beyond the bound is refused before it is sent`() async throws {
        let server = try await RedisServer()
        try await records(on: server) { records in
            let big = [UInt8](repeating: 0, count: Record.valueBytesLimit + 1)
            let error = await #expect(throws: LockError.self) {
                _ = try await records.write(big, to: Self.key, expecting: nil, timeToLive: nil)
            }
            #expect(error?.code == .limitExceeded)
            let left = try server.keysLeft()
            #expect(left == [])
        }
    }

    @Test func `each verb is one call, and a server that has lost its scripts gets them again`() async throws {
        let server = try await RedisServer()
        try await records(on: server) { records in
            try server.command("SCRIPT", "FLUSH")
            // A digest that is not known is a call that fails, and the text another.
            for calledInFull in [2, 0] {
                try server.command("CONFIG", "RESETSTAT")
                let version = try await Self.write("a", records, life: .seconds(10))
                _ = try await records.read(Self.key)
                let isDeleted = try await records.delete(Self.key, expecting: version)
                let calls = try server.calls()
                #expect(isDeleted && calls["evalsha"] == 2, "\(calls)")
                #expect(calls["eval", default: 0] == calledInFull, "\(calls)")
                #expect(calls["time"] == 1 && calls["getrange"] == 2 && calls["get"] == 2 && calls["set"] == 3)
            }
        }
    }

    @Test func `the permissions that the documentation names are enough, and no other keys can be reached`()
        async throws
    {
        let server = try await RedisServer()
        let rules = """
            on >secret ~lock:* ~{lock:* &holdfast:* +@scripting +@read +@write +time +publish +subscribe +unsubscribe
            +hello +info +client +ping +wait
            """
        let words = ["ACL", "SETUSER", "locks"] + rules.split(whereSeparator: \.isWhitespace).map { String($0) }
        #expect(try RawConnection(unix: server.socket).command(words).text == "OK")
        let claims = Claims()
        try await server.backends(1) {
            $0.credentials = .init(user: "locks", password: "secret")
        } _: { backends in
            let claim = try claims.next([Claim.Part("a"), Claim.Part("b", .shared)])
            try await backends[0].hold(claim)
            let noted = try await backends[0].annotate(claim.id, with: ClaimNote("note"))
            #expect(noted == .removed)
            let records = try #require(backends[0].records)
            let version = try await Self.write("a", records, life: .seconds(10))
            let record = try await records.read(Self.key)
            let isDeleted = try await records.delete(Self.key, expecting: version)
            #expect(record?.version == version && isDeleted)
            let removal = try await backends[0].remove(claim.id)
            #expect(removal == .removed)
            let reply = try await backends[0].link.send([RedisCommand("GET", "other")])
            guard case .error(let text) = reply[0] else { throw TestFailure("another's key can be read") }
            #expect(text.hasPrefix("NOPERM"))
        }
    }

    @Test func `what too few replicas have is not said to be written`() async throws {
        let (master, replica) = (try await RedisServer(), try await RedisServer())
        try await replica.follow(master)
        try await records(on: master) {
            $0.durability = .replicas(1, within: .milliseconds(200))
        } _: { records in
            let version = try await Self.write("a", records)
            #expect(try replica.command("GET", Self.record).text == "\(version) a")
            replica.pause()
            defer { replica.resume() }
            let unknown = await #expect(throws: LockError.self) {
                _ = try await Self.write("b", records, expecting: version)
            }
            #expect(unknown?.code == .unavailable)
            // A conflict has nothing that could be lost.
            let conflict = try await records.write([], to: Self.key, expecting: version, timeToLive: nil)
            #expect(conflict == .conflict)
            let now = try #require(try await records.read(Self.key))
            let unsure = await #expect(throws: LockError.self) {
                _ = try await records.delete(Self.key, expecting: now.version)
            }
            #expect(unsure?.code == .unavailable)
        }
    }
}
#endif
