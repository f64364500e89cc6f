#if ZooKeeper
import Foundation
import Holdfast
import HoldfastZooKeeper
import Testing

@testable import HoldfastStores

struct ZooKeeperURLTests {
    private static func configuration(_ url: String) throws -> ZooKeeperConfiguration {
        try #require(try StoreURL(url).zookeeper).opened { _ in nil }
    }

    @Test func `every part of a URL is read`() throws {
        let plain = try Self.configuration("zookeeper://store")
        #expect(plain == ZooKeeperConfiguration(host: "store", port: 2181))
        #expect(plain.names == .encoded && plain.tls == nil && plain.credentials == nil && plain.dialect == .mutex)
        #expect(plain.chroot.isEmpty && plain.prefix == "/locks/" && plain.access == nil)

        let full = try Self.configuration(
            "ZOOKEEPER://us%40er:p%2Fa%3As@10.0.0.5:7000,b,[::1]:7001/app/%C3%A9/?prefix=/&names=raw&timeout=3s"
                + "&dialect=rw&access=open&tick=500ms")
        #expect(
            full.servers == [.init(host: "10.0.0.5", port: 7000), .init(host: "b"), .init(host: "::1", port: 7001)])
        #expect(full.credentials == .init(user: "us@er", password: "p/a:s"))
        #expect(full.prefix == "/" && full.names == .raw && full.dialect == .readWrite && full.access == .open)
        #expect(full.requestTimeout == .seconds(3) && full.connectTimeout == .seconds(3))
        #expect(full.tickTime == .milliseconds(500) && full.chroot == "/app/é")
        #expect(full.description == "zookeeper://10.0.0.5:7000,b:2181,[::1]:7001/app/é")
        #expect(try StoreURL("zookeeper://u:p@h?prefix=%2Fapp%2Fx-").prefix == "/app/x-")
        #expect(try Self.configuration("zookeeper://h/").chroot.isEmpty)
        #expect(try Self.configuration("zookeeper://u:p@h?access=creator").access == .creator)

        let tls = try Self.configuration("zookeepers://h?tls-ca=/ca&tls-cert=/c&tls-key=/k&tls-name=n").tls
        #expect(tls?.authorityFile == "/ca" && tls?.certificateFile == "/c" && tls?.keyFile == "/k")
        #expect(tls?.serverName == "n" && tls?.verifies == true)
        #expect(try Self.configuration("zookeepers://h?tls-verify=none").tls?.verifies == false)
    }

    @Test(arguments: [
        "zookeeper:", "zookeeper://", "zookeeper:///0", "zookeeper://h:0", "zookeeper://h:x", "zookeeper://h:65536",
        "zookeeper://a,,b", "zookeeper://,a", "zookeeper://a,", "zookeeper://a:1,b:x", "zookeeper://::1",
        "zookeeper://[::1", "zookeeper://[h]", "zookeeper://h%41", "zookeeper://h//", "zookeeper://h/a//b",
        "zookeeper://h/a/../b", "zookeeper://h/.", "zookeeper://h/%00", "zookeeper://h/%F0%9F%94%92",
        "zookeeper://h?x=1", "zookeeper://h?prefix=/a&prefix=/b", "zookeeper://h?prefix=", "zookeeper://h?prefix=a/",
        "zookeeper://h?prefix=/a//", "zookeeper://h?prefix=/../", "zookeeper://h?prefix=%00",
        "zookeeper://h?names=other", "zookeeper://h?dialect=kazoo", "zookeeper://h?access=all",
        "zookeeper://h?access=creator", "zookeeper://h?tls-ca=/x", "zookeepers://h?tls-ca=x",
        "zookeepers://h?tls-cert=/x", "zookeepers://h?tls-verify=no", "zookeeper://h?timeout=1",
        "zookeeper://h?timeout=0s", "zookeeper://h?tick=2", "zookeeper://h ost", "zookeeper://:pw@h",
        "zookeeper://@h", "zookeeper://a%3Ab:c@h", "zookeeper://" + String(repeating: "h,", count: 64) + "h",
    ])
    func `a bad URL is an error that says what to write`(url: String) {
        let error = #expect(throws: LockError.self) { try StoreURL(url) }
        #expect(error?.code == .invalidArgument)
    }

    /// Each holds the secret SeCrEt somewhere, most of them where it does not belong.
    @Test(arguments: [
        "zookeeper://u:SeCrEt@h", "zookeeper://u:SeC/rEt@h", "zookeeper://u:SeC?rEt@h",
        "zookeeper://u:SeC?rEt=SeCrEt&x@h", "zookeeper://u:SeC%rEt@h", "zookeeper://u:SeCrEt",
        "zookeeper://SeCrEt@h:x", "zookeeper://u:SeCrEt@h/..", "zookeeper://u:SeCrEt@h?y=1",
        "zookeeper://u:SeCrEt@a,b/x", "zookeepers://u:SeCrEt@h?tls-ca=/none", "zookeeper://u:@SeCrEt@h",
        "zookeeper://u:SeCrEt@@h", "zookeeper://:SeCrEt@h:99999", "zookeeper://u:12/SeCrEt@h",
        "zookeeper://u:1?SeCrEt@h", "zookeeper://u%3A:SeCrEt@h",
    ])
    func `nothing shows a secret`(url: String) {
        var shown = ""
        do throws(LockError) {
            let store = try StoreURL(url)
            dump(store, to: &shown)
            shown += "\(store) \(String(reflecting: store.zookeeper?.description)) "
            _ = try store.open()
        } catch {
            shown += "\(error) \(String(reflecting: error))"
        }
        for part in ["SeCrEt", "rEt", "SeC"] { #expect(!shown.contains(part), "\(shown)") }
    }

    @Test func `a password comes from the environment, unless the URL has one`() throws {
        func password(
            _ url: String, _ environment: [String: String]
        ) throws -> ZooKeeperConfiguration.Credentials? {
            try #require(try StoreURL(url).zookeeper).opened { environment[$0] }.credentials
        }
        let word = ["HOLDFAST_STORE_PASSWORD": "word"]
        #expect(try password("zookeeper://h", word) == nil)
        #expect(try password("zookeeper://u@h", word) == .init(user: "u", password: "word"))
        #expect(try password("zookeeper://u:own@h", word) == .init(user: "u", password: "own"))
        #expect(try password("zookeeper://u:@h", word) == .init(user: "u", password: ""))
        let lacking = #expect(throws: LockError.self) { try password("zookeeper://u@h", [:]) }
        #expect(lacking?.message.contains("HOLDFAST_STORE_PASSWORD") == true)
    }
}
#endif
