import Holdfast
import HoldfastTesting
import Testing

/// A job on three instances whose clocks differ by up to two seconds, on virtual time.
@Suite(.timeLimit(.minutes(5))) struct ScheduledJobTests {
    private struct Broken: Error {}

    /// What is done twice, or by two.
    private func repeated(_ log: JobWorld.Log) -> Int { log.done.values.count { $0.count > 1 } }

    @Test func `each of a thousand firings is done once, by one instance`() throws {
        let world = JobWorld(length: .seconds(10_004))
        try world.run { _, firing in
            // Shorter than the clocks differ: who comes late finds nobody at work.
            try await world.time.sleep(until: world.time.now + .milliseconds(50))
            #expect(firing.lease.isHeld)
        }
        let log = world.log
        #expect(log.done.count == 1000 && repeated(log) == 0)
        #expect(log.outcomes == ["ran": 1000, "elsewhere": 2000])
        #expect(log.errors.isEmpty)
    }

    @Test func `a lock that is let go at once lets the late ones do it again`() throws {
        let world = JobWorld(length: .seconds(1_004))
        try world.run(options: LockOptions(minHold: .milliseconds(100)))
        #expect(repeated(world.log) > 50, "this is what minHold is for, and must be so here")
    }

    @Test func `bodies of any length up to the interval are done once each`() throws {
        let world = JobWorld(length: .seconds(1_004))
        try world.run { _, firing in
            let length = firing.due.components.seconds / 10 % 9
            try await world.time.sleep(until: world.time.now + .seconds(length))
        }
        #expect(world.log.done.count == 100 && repeated(world.log) == 0)
    }

    @Test func `an instance that dies is followed by another at the next firing`() throws {
        // The fastest clock is the first to come: it does all until it dies, at work, and then the next one does.
        let world = JobWorld(length: .seconds(1_004))
        try world.run(deaths: [2: .seconds(500)]) { _, _ in
            try await world.time.sleep(until: world.time.now + .seconds(4))
        }
        let log = world.log
        #expect(log.done.count == 100 && repeated(log) == 0)
        let doers = log.done.sorted { $0.key < $1.key }.compactMap(\.value.first)
        #expect(doers.prefix(50).allSatisfy { $0 == 2 }, "\(doers)")
        #expect(doers.suffix(50).allSatisfy { $0 == 1 }, "\(doers)")
    }

    @Test func `a body longer than the interval leaves firings out, and none piles up`() throws {
        let world = JobWorld(length: .seconds(1_004))
        try world.run { _, _ in try await world.time.sleep(until: world.time.now + .seconds(25)) }
        let log = world.log
        #expect(repeated(log) == 0)
        // One in three; the last one may be cut off.
        #expect(33...34 ~= log.done.count, "\(log.done.count)")
    }

    @Test func `a body that throws is told, and the job goes on`() throws {
        let world = JobWorld(length: .seconds(1_004))
        try world.run { _, _ in throw Broken() }
        #expect(world.log.done.count == 100 && repeated(world.log) == 0)
        #expect(world.log.outcomes == ["failed": 100, "elsewhere": 200])
    }

    @Test func `an instance that is held up does nothing that others have done`() throws {
        let world = JobWorld(length: .milliseconds(1_007_500))
        try world.run { _, firing in
            // Its turn would come in two seconds. It wakes seven later, when the lock is free again.
            if firing.due.components.seconds % 50 == 0 { world.pause(0, for: .seconds(9)) }
        }
        let log = world.log
        #expect(log.done.count == 100 && repeated(log) == 0)
        #expect(log.outcomes == ["ran": 100, "elsewhere": 180, "late": 20])
    }

    @Test func `what makes no sense ends the job with an error`() throws {
        for (schedule, options) in [
            (Schedule.every(.milliseconds(1)), LockOptions()),
            (.every(.zero), LockOptions()), (.every(.seconds(-10)), LockOptions()),
            (.every(.seconds(10)), LockOptions(minHold: .seconds(6))),
            (.every(.seconds(10)), LockOptions(minHold: .zero)),
            (.every(.seconds(10)), LockOptions(maxHold: .seconds(1))),
            (Schedule { $0 }, LockOptions()),
        ] {
            let world = JobWorld(length: .seconds(60))
            try world.run(schedule, options: options)
            #expect(world.log.errors.count == 3)
            #expect(world.log.done.isEmpty)
        }
    }
}
