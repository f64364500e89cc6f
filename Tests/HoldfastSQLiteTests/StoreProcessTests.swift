#if SQLite
import Foundation
import Glibc
import Holdfast
import HoldfastSQLite
import Testing

/// Serialised: they measure, and kill.
@Suite(.serialized, .timeLimit(.minutes(5))) struct StoreProcessTests {
    @Test func `the waiter of a killed holder goes on within 100 ms`() throws {
        let store = try TestStore()
        var worst = Duration.zero
        for _ in 0..<5 {
            let holder = try Probe("hold", store.url, "a")
            #expect(holder.line()?.hasPrefix("held") == true)
            let waiter = try Probe("wait", store.url, "a")
            try waitForQueue(of: 2, in: store)
            let clock = ContinuousClock()
            let killed = clock.now
            holder.kill()
            #expect(waiter.line()?.hasPrefix("held") == true)
            worst = max(worst, clock.now - killed)
            holder.end()
            waiter.end()
        }
        #expect(worst < .milliseconds(100))
    }

    @Test func `killing processes in mid-commit 200 times grants nothing twice and loses nothing`() throws {
        let store = try TestStore()
        var random = SystemRandomNumberGenerator()
        var running = try (0..<3).map { _ in try Probe("contend", store.url, "a", store.witness, "600") }
        for round in 0..<200 {
            // The instant of the kill is what is tried: somewhere in a start, a commit or a wait.
            usleep(UInt32.random(in: 1_000...40_000, using: &random))
            let victim = round % running.count
            running[victim].kill()
            running[victim].end()
            running[victim] = try Probe("contend", store.url, "a", store.witness, "600")
        }
        for probe in running {
            probe.kill()
            probe.end()
        }
        #expect(store.contradictions == nil)
        let last = try Probe("contend", store.url, "a", store.witness, "1")
        let turns = last.line().flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0
        last.end()
        #expect(turns > 0)
        #expect(store.contradictions == nil)
    }

    @Test func `four processes that write share the store fairly`() throws {
        let store = try TestStore()
        let probes = try (0..<4).map { try Probe("contend", store.url, "key-\($0)", store.witness + "\($0)", "3") }
        let turns = probes.map { probe in probe.line().flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0 }
        for probe in probes { probe.end() }
        let mean = turns.reduce(0, +) / turns.count
        #expect(mean > 0)
        #expect((turns.min() ?? 0) * 4 >= mean, "shares: \(turns)")
    }

    @Test func `a hundred waiters burn no core`() throws {
        let store = try TestStore()
        let holder = try Probe("hold", store.url, "a")
        #expect(holder.line()?.hasPrefix("held") == true)
        let waiter = try Probe("queue", store.url, "a", "100")
        try waitForQueue(of: 101, in: store)
        let before = waiter.cpuSeconds
        // The span that is measured, not a wait for a state.
        usleep(2_000_000)
        let used = waiter.cpuSeconds - before
        for probe in [waiter, holder] {
            probe.kill()
            probe.end()
        }
        #expect(used < 0.1, "CPU seconds in two seconds: \(used)")
    }

    /// Waits until so many claims are in the store.
    private func waitForQueue(of count: Int, in store: TestStore) throws {
        let limit = ContinuousClock.now + .seconds(20)
        while try StoreReader.count(store.path) < count {
            try #require(ContinuousClock.now < limit, "the queue did not come to be")
            // The pause between two looks: nothing signals what another process does.
            usleep(2_000)
        }
    }
}
#endif
