import Testing

@testable import Holdfast

struct JobMachineTests {
    private static let noon: Duration = .seconds(1_700_000_000)

    private func machine(_ schedule: Schedule = .every(.seconds(10)), now: Duration = noon) -> JobMachine {
        JobMachine(schedule, lateLimit: .seconds(2), now: now)
    }

    @Test func `the times are the multiples of the interval, for everybody the same`() throws {
        let schedule = Schedule.every(.seconds(10), offset: .seconds(3))
        for (after, due) in [(0, 3), (2, 3), (3, 13), (4, 13), (-8, -7), (-7, 3), (-17, -7)] {
            #expect(try schedule.first(after: .seconds(after)) == .seconds(due), "\(after)")
        }
        let minutes = Schedule.every(.seconds(60))
        #expect(try minutes.first(after: .seconds(1_700_000_039)) == .seconds(1_700_000_040))
        #expect(try minutes.first(after: .seconds(1_700_000_040)) == .seconds(1_700_000_100))
    }

    @Test func `it sleeps until the time, fires once, and goes on to the next`() throws {
        var machine = machine()
        #expect(try machine.next(now: Self.noon) == .sleep(.seconds(10)))
        #expect(try machine.next(now: Self.noon + .seconds(9)) == .sleep(.seconds(1)))
        #expect(try machine.next(now: Self.noon + .seconds(10)) == .fire(due: Self.noon + .seconds(10)))
        #expect(try machine.next(now: Self.noon + .seconds(10)) == .sleep(.seconds(10)))
        #expect(try machine.next(now: Self.noon + .seconds(22)) == .fire(due: Self.noon + .seconds(20)))
    }

    @Test func `who comes too late leaves out all that has passed, at once`() throws {
        var machine = machine()
        #expect(try machine.next(now: Self.noon + .milliseconds(12_001)) == .late(due: Self.noon + .seconds(10)))
        #expect(try machine.next(now: Self.noon + .seconds(95)) == .late(due: Self.noon + .seconds(20)))
        #expect(try machine.next(now: Self.noon + .seconds(95)) == .sleep(.seconds(5)))
    }

    @Test func `a clock that is set back a little fires nothing twice, and one that is set back far begins anew`()
        throws
    {
        var machine = machine()
        #expect(try machine.next(now: Self.noon + .seconds(10)) == .fire(due: Self.noon + .seconds(10)))
        #expect(try machine.next(now: Self.noon + .seconds(5)) == .sleep(.seconds(15)))
        #expect(try machine.next(now: Self.noon - .seconds(3600)) == .sleep(JobMachine.longestSleep))
        let dayBefore = Self.noon - .seconds(86_400)
        #expect(try machine.next(now: dayBefore) == .sleep(.seconds(10)))
        #expect(try machine.next(now: dayBefore + .seconds(10)) == .fire(due: dayBefore + .seconds(10)))
    }

    @Test func `it looks at the clock again before a far time`() throws {
        var machine = machine(.every(.seconds(86_400)))
        #expect(try machine.next(now: Self.noon) == .sleep(JobMachine.longestSleep))
    }

    @Test func `a schedule of one's own may end, and must go forward`() throws {
        var once = machine(Schedule { $0 < Self.noon + .seconds(1) ? Self.noon + .seconds(1) : nil })
        #expect(try once.next(now: Self.noon + .seconds(1)) == .fire(due: Self.noon + .seconds(1)))
        #expect(try once.next(now: Self.noon + .seconds(1)) == .over)
        var stuck = machine(Schedule { $0 })
        let error = #expect(throws: LockError.self) { _ = try stuck.next(now: Self.noon) }
        #expect(error?.code == .invalidArgument)
    }
}
