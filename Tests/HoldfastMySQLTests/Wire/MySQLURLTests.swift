#if MySQL
import Holdfast
import HoldfastMySQL
import HoldfastStores
import Testing

@Suite struct MySQLURLTests {
    @Test(
        arguments: [
            ("mysql://db/app", "mysql://db:3306/app"),
            ("mariadb://u:p%40@db:33,[::1]/app", "mysql://db:33,[::1]:3306/app"),
            ("mysql://u@/app?socket=/run/s", "mysql:///run/s/app"),
            ("mysql://db/app?locks=table&prefix=x/&timeout=2s&connections=4&tls=on", "mysql://db:3306/app"),
            ("mysql://db/app?keys=medallion&cluster=any&tls-ca=/ca.pem", "mysql://db:3306/app"),
        ])
    func `a URL names a server`(_ text: String, _ shown: String) throws {
        let url = try StoreURL(text)
        #expect("\(url)" == shown)
        let backend = try url.open(variable: { _ in nil })
        #expect(backend.capabilities.supportsListing == text.contains("locks=table"))
    }

    @Test(
        arguments: [
            "mysql://db", "mysql:db/app", "mysql://db/app?socket=/s", "mysql://u@/app?socket=s",
            "mysql://db/app?locks=x",
            "mysql://db/app?keys=x", "mysql://db/app?tls=maybe", "mysql://db/app?tls=off&tls-ca=/x",
            "mysql://db/app?tls-name=x", "mysql://db/app?connections=1", "mysql://db/app?other=1", "mysql://db/a.b",
            "mysql://db/app?cluster=x", "mysql://db:0/app", "mysql://secret:pw@db/a?b@c",
        ])
    func `anything else is refused without its secrets`(_ text: String) {
        let error = #expect(throws: LockError.self) { _ = try StoreURL(text).open(variable: { _ in nil }) }
        #expect(error?.code == .invalidArgument && error.map { "\($0)" }?.contains("secret") == false)
    }
}
#endif
