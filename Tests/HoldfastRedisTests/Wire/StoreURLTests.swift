#if Redis
import Foundation
import Holdfast
import HoldfastRedis
import HoldfastStores
import Testing

@testable import HoldfastStores

struct StoreURLTests {
    private static func configuration(_ url: String) throws -> RedisConfiguration {
        try #require(try StoreURL(url).redis).opened { _ in nil }
    }

    @Test func `every part of a URL is read`() throws {
        let plain = try Self.configuration("redis://cache")
        #expect(plain == RedisConfiguration(host: "cache", port: 6379))
        #expect(plain.prefix == "lock:" && plain.names == .encoded && plain.durability == .none && plain.tls == nil)

        let full = try Self.configuration(
            "redis://us%40er:p%2Fa%3As@10.0.0.5:7000/3?prefix=&names=raw&replicas=2&replicas-within=250ms&timeout=3s"
                + "&quarantine=30s&peer-turns=8")
        #expect(full.endpoint == .tcp(host: "10.0.0.5", port: 7000))
        #expect(full.credentials == .init(user: "us@er", password: "p/a:s"))
        #expect(full.database == 3 && full.prefix.isEmpty && full.names == .raw)
        #expect(full.durability == .replicas(2, within: .milliseconds(250)) && full.requestTimeout == .seconds(3))
        #expect(full.quarantine == .seconds(30) && full.handOffsPerPeerTurn == 8)

        let six = try Self.configuration("REDIS://:secret@[::1]:7001")
        #expect(six.endpoint == .tcp(host: "::1", port: 7001) && six.credentials == .init(password: "secret"))
        #expect(six.description == "redis://[::1]:7001")

        let socket = try Self.configuration("redis+unix:///run/a%20b.sock?database=2")
        #expect(socket.endpoint == .unix(path: "/run/a b.sock") && socket.database == 2)

        let tls = try Self.configuration("rediss://h?tls-ca=/ca&tls-cert=/c&tls-key=/k&tls-name=n").tls
        #expect(tls?.authorityFile == "/ca" && tls?.certificateFile == "/c" && tls?.keyFile == "/k")
        #expect(tls?.serverName == "n" && tls?.verifies == true)
        #expect(try Self.configuration("rediss://h?tls-verify=none").tls?.verifies == false)
    }

    @Test(arguments: [
        "redis:", "redis://", "redis:///0", "redis://h:0", "redis://h:x", "redis://h:65536", "redis://h/x",
        "redis://h/-1",
        "redis://::1", "redis://[::1", "redis://[h]", "redis://h%41", "redis://h?x=1", "redis://h?prefix=a&prefix=b",
        "redis://h?names=other", "redis://h?tls-ca=/x", "rediss://h?tls-ca=x", "rediss://h?tls-cert=/x",
        "rediss://h?tls-verify=no", "redis+unix://h/x", "redis+unix://", "redis+unix:///", "redis://h?replicas=0",
        "redis://h?replicas-within=1s", "redis://h?timeout=1", "redis://h?timeout=0s", "redis://h?timeout=900s",
        "redis://h/1?database=2", "redis://h ost", "redis://h?prefix=%00",
    ])
    func `a bad URL is an error that says what to write`(url: String) {
        let error = #expect(throws: LockError.self) { try StoreURL(url) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `several hosts are not supported yet`() {
        let error = #expect(throws: LockError.self) { try StoreURL("redis://a:1,b:2") }
        #expect(error?.code == .unsupported)
        #expect(error?.message.contains("Sentinel") == true)
    }

    /// Each holds the secret SeCrEt somewhere, most of them where it does not belong.
    @Test(arguments: [
        "redis://u:SeCrEt@h", "redis://u:SeC/rEt@h", "redis://u:SeC?rEt@h", "redis://u:SeC?rEt=SeCrEt&x@h",
        "redis://u:SeC%rEt@h", "redis://u:SeCrEt", "redis://SeCrEt@h:x", "redis://u:SeCrEt@h/x",
        "redis://u:SeCrEt@h?y=1",
        "redis://u:SeCrEt@a,b", "rediss://u:SeCrEt@h?tls-ca=/none", "redis+unix://u:SeCrEt@/run/x.sock",
        "redis+unix://u:SeCrEt@h/x", "redis://u:@SeCrEt@h", "redis://u:SeCrEt@@h", "redis://:SeCrEt@h:99999",
        "redis://u:12/SeCrEt@h", "redis://u:1?SeCrEt@h",
    ])
    func `nothing shows a secret`(url: String) {
        var shown = ""
        do throws(LockError) {
            let store = try StoreURL(url)
            dump(store, to: &shown)
            shown += "\(store) \(String(reflecting: store.redis?.description)) "
            _ = try store.open()
        } catch {
            shown += "\(error) \(String(reflecting: error))"
        }
        for part in ["SeCrEt", "rEt", "SeC"] { #expect(!shown.contains(part), "\(shown)") }
    }

    @Test func `a password comes from the environment or a file, unless the URL has one`() throws {
        let file = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-\(UUID().uuidString)")
        try Data("from file\n".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        func password(_ url: String, _ environment: [String: String]) throws -> RedisConfiguration.Credentials? {
            try #require(try StoreURL(url).redis).opened { environment[$0] }.credentials
        }
        let word = ["HOLDFAST_STORE_PASSWORD": "word", "HOLDFAST_STORE_PASSWORD_FILE": "/none"]
        let named = ["HOLDFAST_STORE_PASSWORD_FILE": file.path]
        #expect(try password("redis://h", [:]) == nil)
        #expect(try password("redis://h", word) == .init(password: "word"))
        #expect(try password("redis://u@h", word) == .init(user: "u", password: "word"))
        #expect(try password("redis://u:own@h", word) == .init(user: "u", password: "own"))
        #expect(try password("redis://u:@h", word) == .init(user: "u", password: ""))
        #expect(try password("redis://u@h", named) == .init(user: "u", password: "from file"))
        let lacking = #expect(throws: LockError.self) { try password("redis://u@h", [:]) }
        #expect(lacking?.message.contains("HOLDFAST_STORE_PASSWORD") == true)
        let missing = #expect(throws: LockError.self) {
            try password("redis://u@h", ["HOLDFAST_STORE_PASSWORD_FILE": "/none"])
        }
        #expect(missing?.message.contains("/none") == true)
    }
}
#endif
