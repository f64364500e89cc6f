#if MySQL
import Holdfast
import HoldfastTesting
import Testing

@testable import HoldfastMySQL

@Suite struct NameFunctionTests {
    typealias Function = MySQLConfiguration.NameFunction

    @Test(
        arguments: [
            (.holdfast, "orders:42", "orders:42"), (.holdfast, "Users/É", "%55sers/%c3%89"),
            (.holdfast, "a b%", "a%20b%25"), (.medallion, "mylock", "mylock"),
            (.medallion, "MyLock", "mylock6isuyjwnkexb4ujf4m7j37hstmoxe3vx"),
            (
                .medallion, String(repeating: "a", count: 70),
                String(repeating: "a", count: 32) + "x63rc7emuupzpsat3vtp52pr7gy64hdc"
            ), (.raw, "MyLock", "MyLock"),
        ] as [(Function, String, String)])
    func `a key has this name`(_ function: Function, _ key: String, _ name: String) throws {
        let made = try function.name(of: key)
        #expect(made == name)
    }

    @Test func `names are short, without capitals, and no two keys share one`() throws {
        var seen: Set<String> = []
        let long = [
            String(repeating: "x", count: 64), String(repeating: "x", count: 65), String(repeating: "É", count: 99),
        ]
        for key in NameCorpus.names + long {
            let name = try Function.holdfast.name(of: key)
            #expect(name.utf8.count <= 64 && name == name.lowercased() && name.utf8.allSatisfy { $0 < 0x80 })
            #expect(seen.insert(name).inserted, "\(key.debugDescription) shares \(name)")
        }
    }

    @Test(arguments: [String(repeating: "x", count: 65), "é"])
    func `a name that cannot be used as it is is refused`(_ key: String) {
        #expect(throws: LockError.self) { _ = try Function.raw.name(of: key) }
    }
}
#endif
