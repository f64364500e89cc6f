#if Etcd
import Foundation
import Holdfast
import HoldfastEtcd
import Testing

@testable import HoldfastStores

struct EtcdURLTests {
    private static func configuration(_ url: String) throws -> EtcdConfiguration {
        try #require(try StoreURL(url).etcd).opened { _ in nil }
    }

    @Test func `every part of a URL is read`() throws {
        let plain = try Self.configuration("etcd://store")
        #expect(plain == EtcdConfiguration(host: "store", port: 2379))
        #expect(plain.names == .encoded && plain.tls == nil && plain.credentials == nil)

        let full = try Self.configuration(
            "ETCD://us%40er:p%2Fa%3As@10.0.0.5:7000,b,[::1]:7001/?prefix=&names=raw&timeout=3s")
        #expect(
            full.endpoints == [.init(host: "10.0.0.5", port: 7000), .init(host: "b"), .init(host: "::1", port: 7001)])
        #expect(full.credentials == .init(user: "us@er", password: "p/a:s"))
        #expect(full.prefix.isEmpty && full.names == .raw && full.requestTimeout == .seconds(3))
        #expect(full.connectTimeout == .seconds(3))
        #expect(full.description == "etcd://10.0.0.5:7000,b:2379,[::1]:7001")
        #expect(try StoreURL("etcd://u:p@h?prefix=app%2F").prefix == "app/")

        let tls = try Self.configuration("etcds://h?tls-ca=/ca&tls-cert=/c&tls-key=/k&tls-name=n").tls
        #expect(tls?.authorityFile == "/ca" && tls?.certificateFile == "/c" && tls?.keyFile == "/k")
        #expect(tls?.serverName == "n" && tls?.verifies == true)
        #expect(try Self.configuration("etcds://h?tls-verify=none").tls?.verifies == false)
    }

    @Test(arguments: [
        "etcd:", "etcd://", "etcd:///0", "etcd://h:0", "etcd://h:x", "etcd://h:65536", "etcd://h/x", "etcd://a,,b",
        "etcd://,a", "etcd://a,", "etcd://a:1,b:x", "etcd://::1", "etcd://[::1", "etcd://[h]", "etcd://h%41",
        "etcd://h?x=1", "etcd://h?prefix=a&prefix=b", "etcd://h?names=other", "etcd://h?tls-ca=/x",
        "etcds://h?tls-ca=x", "etcds://h?tls-cert=/x", "etcds://h?tls-verify=no", "etcd://h?timeout=1",
        "etcd://h?timeout=0s", "etcd://h?database=2", "etcd://h ost", "etcd://h?prefix=%00", "etcd://:pw@h",
        "etcd://@h", "etcd://" + String(repeating: "h,", count: 64) + "h",
    ])
    func `a bad URL is an error that says what to write`(url: String) {
        let error = #expect(throws: LockError.self) { try StoreURL(url) }
        #expect(error?.code == .invalidArgument)
    }

    /// Each holds the secret SeCrEt somewhere, most of them where it does not belong.
    @Test(arguments: [
        "etcd://u:SeCrEt@h", "etcd://u:SeC/rEt@h", "etcd://u:SeC?rEt@h", "etcd://u:SeC?rEt=SeCrEt&x@h",
        "etcd://u:SeC%rEt@h", "etcd://u:SeCrEt", "etcd://SeCrEt@h:x", "etcd://u:SeCrEt@h/x", "etcd://u:SeCrEt@h?y=1",
        "etcd://u:SeCrEt@a,b", "etcds://u:SeCrEt@h?tls-ca=/none", "etcd://u:@SeCrEt@h", "etcd://u:SeCrEt@@h",
        "etcd://:SeCrEt@h:99999", "etcd://u:12/SeCrEt@h", "etcd://u:1?SeCrEt@h",
    ])
    func `nothing shows a secret`(url: String) {
        var shown = ""
        do throws(LockError) {
            let store = try StoreURL(url)
            dump(store, to: &shown)
            shown += "\(store) \(String(reflecting: store.etcd?.description)) "
            _ = try store.open()
        } catch {
            shown += "\(error) \(String(reflecting: error))"
        }
        for part in ["SeCrEt", "rEt", "SeC"] { #expect(!shown.contains(part), "\(shown)") }
    }

    @Test func `a cluster without an endpoint is refused`() {
        let error = #expect(throws: LockError.self) { try EtcdBackend(EtcdConfiguration(endpoints: [])) }
        #expect(error?.code == .invalidArgument)
    }

    @Test func `a password comes from the environment, unless the URL has one`() throws {
        func password(_ url: String, _ environment: [String: String]) throws -> EtcdConfiguration.Credentials? {
            try #require(try StoreURL(url).etcd).opened { environment[$0] }.credentials
        }
        let word = ["HOLDFAST_STORE_PASSWORD": "word"]
        #expect(try password("etcd://h", word) == nil)
        #expect(try password("etcd://u@h", word) == .init(user: "u", password: "word"))
        #expect(try password("etcd://u:own@h", word) == .init(user: "u", password: "own"))
        #expect(try password("etcd://u:@h", word) == .init(user: "u", password: ""))
        let lacking = #expect(throws: LockError.self) { try password("etcd://u@h", [:]) }
        #expect(lacking?.message.contains("HOLDFAST_STORE_PASSWORD") == true)
    }
}
#endif
