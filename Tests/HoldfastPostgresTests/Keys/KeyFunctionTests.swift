#if Postgres
import Holdfast
import Testing

@testable import HoldfastPostgres

/// What the peers' own code makes of the same names.
@Suite struct KeyFunctionTests {
    typealias Function = PostgresConfiguration.KeyFunction

    @Test(
        arguments: [
            (.medallion, "orders:42", .one(-2_320_718_996_252_576_668)),
            (.medallion, "orders:42/refund", .one(139_938_704_017_809_417)),
            (.medallion, "00000000000000ff", .one(255)), (.medallion, "0000000a,ffffffff", .pair(10, -1)),
            (.djangoPglock, "orders:42", .one(260_941_440_247_488_394)),
            (.goodJob, "orders:42", .one(-8_649_007_920_340_447_841)),
            (.sqlx, "orders:42", .one(4_560_632_496_899_255_762)),
            (.sqlx, "my first Postgres advisory lock!", .one(-5_560_419_505_042_474_287)),
            (.symfony, "orders:42", .one(218_055_877)), (.withAdvisoryLock, "orders:42", .pair(218_055_877, 0)),
            (.tooz, "orders:42", .pair(135, 248)),
            (.railsMigrations, "app_production", .one(4_615_154_450_383_096_620)),
            (.golangMigrate, "app_production/public/schema_migrations", .one(723_958_927)),
            (.flyway, "\"public\".\"flyway_schema_history\"", .one(77_433_833_903_597)),
            (.number, "-42", .one(-42)),
        ] as [(Function, String, AdvisoryID)])
    func `a name has the number that the peer gives it`(_ function: Function, _ name: String, _ id: AdvisoryID) throws {
        let made = try function.id(of: name)
        #expect(made == id)
    }

    @Test(
        arguments: [(.number, "x"), (.number, "9223372036854775808"), (.golangMigrate, "a/b")] as [(Function, String)])
    func `a name that the function is not for is refused`(_ function: Function, _ name: String) {
        #expect(throws: LockError.self) { _ = try function.id(of: name) }
    }

    @Test func `the catalogue shows a number in halves, and a pair as it is`() {
        #expect(AdvisoryID.one(-1).catalogue == (.max, .max, 1))
        #expect(AdvisoryID.one(0x1_0000_0002).catalogue == (1, 2, 1))
        #expect(AdvisoryID.pair(-1, 7).catalogue == (.max, 7, 2))
    }
}
#endif
