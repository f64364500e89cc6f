#if SQLite
import Foundation
import Glibc
import Holdfast
import HoldfastSQLite
import Testing

/// Serialised: they kill.
@Suite(.serialized, .timeLimit(.minutes(5))) struct RecordProcessTests {
    private struct Entry {
        let name: Substring
        let value: Int
        let version: Substring
    }

    private func entries(_ journal: String) throws -> [Entry] {
        try String(contentsOfFile: journal, encoding: .utf8).split(separator: "\n").map { line in
            let words = line.split(separator: " ")
            return Entry(
                name: try #require(words.first), value: try #require(words.count == 3 ? Int(words[1]) : nil),
                version: words[2])
        }
    }

    @Test func `what was written survives kill -9 in mid-write, and no version comes again`() async throws {
        let store = try TestStore()
        let journal = store.folder + "/journal"
        var random = SystemRandomNumberGenerator()
        var killed = 0
        for _ in 0..<60 {
            let probes = try (0..<2).map { _ in try Probe("records", store.url, "a", journal) }
            for probe in probes { #expect(probe.line() == "writes") }
            // The instant of the kill is what is tried: somewhere in a write, a deletion or a commit.
            usleep(UInt32.random(in: 1_000...30_000, using: &random))
            for probe in probes {
                probe.kill()
                if probe.end() & 0x7F == SIGKILL { killed += 1 }
            }
        }
        let all = try entries(journal)
        #expect(killed == 120)
        #expect(all.count > 120)
        #expect(Set(all.map(\.version)).count == all.count, "versions came twice")
        // Of the increments none was lost: each value was acknowledged at most once, and the last one stands there.
        let counted = all.filter { $0.name == "counter" }
        #expect(Set(counted.map(\.value)).count == counted.count, "an acknowledged increment was done again")
        let backend = try SQLiteBackend(path: store.path)
        let record = try #require(try await backend.read("a/counter"))
        let value = try #require(Int(String(decoding: record.value, as: UTF8.self)))
        let last = try #require(counted.max { $0.value < $1.value })
        #expect(value >= last.value)
        // A process killed between its write and its entry has written without saying so: at most each once.
        #expect(value <= counted.count + killed)
        if last.value == value { #expect(record.version.description == last.version) }
    }
}
#endif
