#if Postgres
import Holdfast
import HoldfastPostgres
import HoldfastStores
import Testing

@Suite struct PostgresURLTests {
    @Test(
        arguments: [
            ("postgres://db/app", "postgres://db:5432/app"),
            ("postgresql://u:p%40@db:54,[::1]/app", "postgres://db:54,[::1]:5432/app"),
            ("postgres://u@/app?socket=/run/s&port=54", "postgres:///run/s:54/app"),
            ("postgres://db/app?locks=table&prefix=x/&timeout=2s&connections=4&tls=on", "postgres://db:5432/app"),
            ("postgres://db/app?locks=table&schema=Locks_2&listen=db2:5433", "postgres://db:5432/app"),
            ("postgres://db/app?locks=table&listen=off&tls-name=db.example", "postgres://db:5432/app"),
        ])
    func `a URL names a server`(_ text: String, _ shown: String) throws {
        let url = try StoreURL(text)
        #expect("\(url)" == shown)
        #expect(url == (try StoreURL(text)))
    }

    @Test(
        arguments: [
            "postgres://db", "postgres:db/app", "postgres://db/app?socket=/s", "postgres://u@/app?socket=s",
            "postgres://db/app?locks=x", "postgres://db/app?keys=x", "postgres://db/app?locks=table&keys=medallion",
            "postgres://db/app?tls=maybe", "postgres://db/app?tls=off&tls-ca=/x", "postgres://db/app?connections=0",
            "postgres://db/app?other=1", "postgres://db:0/app", "postgres://secret:pw@db/a?b@c",
            "postgres://db/app?locks=table&schema=a.b", "postgres://db/app?locks=table&schema=pg_x",
            "postgres://db/app?locks=table&listen=a:b:c", "postgres://db/app?port=54",
        ])
    func `anything else is refused without its secrets`(_ text: String) {
        let error = #expect(throws: LockError.self) { _ = try StoreURL(text).open(variable: { _ in nil }) }
        #expect(error?.code == .invalidArgument && error.map { "\($0)" }?.contains("secret") == false)
    }
}
#endif
