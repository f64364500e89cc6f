import Holdfast
import HoldfastSQL
import Testing

@Suite(.timeLimit(.minutes(1))) struct NameLookupTests {
    @Test func `an address is its own`() async throws {
        #expect(try await NameLookup.addresses(of: "192.0.2.7") == ["192.0.2.7"])
        #expect(try await NameLookup.addresses(of: "::1") == ["::1"])
    }

    @Test func `a name is looked up`() async throws {
        let addresses = try await NameLookup.addresses(of: "localhost")
        #expect(addresses.contains("127.0.0.1") || addresses.contains("::1"))
    }

    @Test func `a name that does not exist is unavailable, and says which`() async throws {
        let error = try await #require(throws: LockError.self) {
            try await NameLookup.addresses(of: "no-such-host.invalid")
        }
        #expect(error.code == .unavailable)
        #expect(error.message.contains("no-such-host.invalid"))
    }

    @Test func `many lookups at a time are refused, and none is forgotten`() async throws {
        await withTaskGroup(of: Bool.self) { group in
            for _ in 0..<200 {
                group.addTask { (try? await NameLookup.addresses(of: "localhost")) != nil }
            }
            var answered = 0
            for await _ in group { answered += 1 }
            #expect(answered == 200)
        }
        #expect(try await !NameLookup.addresses(of: "localhost").isEmpty)
    }
}
