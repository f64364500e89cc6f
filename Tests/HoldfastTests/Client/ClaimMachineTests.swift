import Holdfast
import Testing

@Suite struct ClaimMachineTests {
    private let timing = LeaseTiming(timeToLive: .seconds(30))

    private func held(maxHold: Duration? = nil) -> ClaimMachine {
        var machine = ClaimMachine(timing: timing, maxHold: maxHold)
        machine.placeSent(at: .zero)
        machine.placeAcknowledged()
        _ = machine.granted(now: .milliseconds(1))
        return machine
    }

    @Test func `the deadline counts from the sending, less drift and margin`() {
        var machine = ClaimMachine(timing: timing)
        machine.placeSent(at: .seconds(5))
        machine.placeAcknowledged()
        #expect(machine.granted(now: .seconds(9)) == .held)
        #expect(machine.deadline == .seconds(5) + .seconds(30) - .milliseconds(300) - .milliseconds(1500))
    }

    @Test func `a repeated place counts from its first sending`() {
        var machine = ClaimMachine(timing: timing)
        machine.placeSent(at: .zero)
        machine.placeSent(at: .seconds(20))
        machine.placeAcknowledged()
        #expect(machine.deadline == timing.guaranteed)
    }

    @Test func `a life that was part over at the sending ends so much earlier, and is renewed so much earlier`() {
        var machine = ClaimMachine(timing: timing)
        machine.placeSent(at: .seconds(20))
        machine.placeAcknowledged(age: .seconds(4))
        #expect(machine.granted(now: .seconds(20)) == .held)
        #expect(machine.deadline == .seconds(16) + timing.guaranteed)
        #expect(machine.nextTick == .seconds(26))
    }

    @Test func `a session that is always old moves the deadline back, and is not asked all the time`() {
        var machine = held()
        #expect(machine.tick(now: .seconds(10)).renews)
        _ = machine.renewed(sentAt: .seconds(10), age: .seconds(15), for: .seconds(30), now: .seconds(10))
        #expect(machine.deadline == timing.guaranteed)
        #expect(machine.tick(now: .seconds(11)) == ClaimMachine.Tick())
    }

    @Test func `a grant never moves the deadline`() {
        var machine = ClaimMachine(timing: timing)
        machine.placeSent(at: .zero)
        machine.placeAcknowledged()
        let before = machine.deadline
        #expect(machine.granted(now: .seconds(10)) == .held)
        #expect(machine.deadline == before)
    }

    @Test func `a grant that comes too late to be of use is refused`() {
        var machine = ClaimMachine(timing: timing)
        machine.placeSent(at: .zero)
        machine.placeAcknowledged()
        #expect(machine.granted(now: timing.guaranteed - .seconds(1)) == .tooLate)
        #expect(machine.phase == .ended)
    }

    @Test func `it renews at a third, and an acknowledged renewal moves the deadline`() {
        var machine = held()
        #expect(machine.nextTick == .seconds(10))
        #expect(machine.tick(now: .seconds(9)) == ClaimMachine.Tick())
        #expect(machine.tick(now: .seconds(10)).renews)
        #expect(!machine.tick(now: .seconds(11)).renews)
        _ = machine.renewed(sentAt: .seconds(10), for: .seconds(30), now: .seconds(10))
        #expect(machine.deadline == .seconds(10) + timing.guaranteed)
        #expect(machine.nextTick == .seconds(20))
    }

    @Test func `an unknown renewal moves nothing, and is tried again until the deadline`() {
        var machine = held()
        let deadline = machine.deadline
        var now: Duration = .seconds(10)
        var attempts = 0
        while machine.isHeld, let next = machine.nextTick {
            now = max(now, next)
            let tick = machine.tick(now: now)
            if tick.renews {
                attempts += 1
                machine.renewalUnknown(now: now)
            }
        }
        #expect(machine.deadline == deadline)
        #expect(attempts >= 8)
        #expect(machine.phase == .lost(.expired))
        #expect(now == deadline)
    }

    @Test func `what is lost stays lost, whatever is acknowledged later`() {
        var machine = held()
        _ = machine.tick(now: .seconds(10))
        #expect(machine.tick(now: machine.deadline).event == .lost(.expired))
        _ = machine.renewed(sentAt: .seconds(10), for: .seconds(30), now: .seconds(40))
        #expect(machine.phase == .lost(.expired))
        #expect(machine.granted(now: .seconds(11)) == .tooLate)
        #expect(machine.gone() == nil)
        #expect(machine.nextTick == nil)
    }

    @Test func `a renewal that is answered after the deadline is a loss, whether or not a tick came first`() {
        var machine = held()
        _ = machine.tick(now: .seconds(10))
        let event = machine.renewed(sentAt: .seconds(10), for: .seconds(30), now: machine.deadline)
        #expect(event == .lost(.expired))
        #expect(machine.phase == .lost(.expired))
    }

    @Test func `it is at risk after two thirds without an acknowledgement, once`() {
        var machine = held()
        _ = machine.tick(now: .seconds(10))
        #expect(machine.tick(now: .seconds(20)).event == .atRisk)
        #expect(machine.tick(now: .seconds(21)).event == nil)
        _ = machine.renewed(sentAt: .seconds(21), for: .seconds(30), now: .seconds(21))
        #expect(machine.tick(now: .seconds(41)).event == .atRisk)
    }

    @Test func `maxHold ends a hold, however often it is renewed`() {
        var machine = held(maxHold: .seconds(25))
        for second in [10, 20] {
            #expect(machine.tick(now: .seconds(second)).renews)
            _ = machine.renewed(sentAt: .seconds(second), for: .seconds(30), now: .seconds(second))
        }
        #expect(machine.nextTick == .milliseconds(25_001))
        #expect(machine.tick(now: .milliseconds(25_001)).event == .lost(.maxHold))
    }

    @Test func `a shorter life lowers the deadline before anything is sent`() {
        var machine = held()
        machine.choose(LeaseTiming(timeToLive: .seconds(3)), now: .seconds(1))
        #expect(machine.deadline == .seconds(1) + LeaseTiming(timeToLive: .seconds(3)).guaranteed)
    }

    @Test func `an acknowledgement of another life than the chosen one moves nothing`() {
        var machine = held()
        machine.choose(LeaseTiming(timeToLive: .seconds(60)), now: .seconds(1))
        let deadline = machine.deadline
        _ = machine.renewed(sentAt: .seconds(1), for: .seconds(30), now: .seconds(1))
        #expect(machine.deadline == deadline)
        _ = machine.renewed(sentAt: .seconds(2), for: .seconds(60), now: .seconds(2))
        #expect(machine.deadline == .seconds(2) + LeaseTiming(timeToLive: .seconds(60)).guaranteed)
    }

    @Test func `a waiting claim is renewed like a held one, times out, and is placed anew where it is gone`() {
        var machine = ClaimMachine(timing: timing, waitUntil: .seconds(15))
        machine.placeSent(at: .zero)
        machine.placeAcknowledged()
        #expect(machine.tick(now: .seconds(10)).renews)
        _ = machine.renewed(sentAt: .seconds(10), for: .seconds(30), now: .seconds(10))
        #expect(machine.nextTick == .seconds(15))
        var other = machine
        #expect(machine.tick(now: .seconds(15)).event == .timedOut)
        #expect(other.gone() == .expiredWaiting)
    }

    @Test func `a waiting claim that is asked for steps back where it may, and is left alone where not`() {
        for stepsBack in [true, false] {
            var machine = ClaimMachine(timing: LeaseTiming(timeToLive: .seconds(30)), stepsBack: stepsBack)
            machine.placeSent(at: .zero)
            machine.placeAcknowledged()
            #expect(machine.asked() == (stepsBack ? .steppedBack : nil))
            #expect(machine.phase == (stepsBack ? .ended : .waiting))
            #expect(machine.granted(now: .seconds(1)) == (stepsBack ? .tooLate : .held))
        }
    }

    @Test func `a hurried look during a renewal is followed by another`() {
        var machine = held()
        _ = machine.tick(now: .seconds(10))
        machine.hurry(now: .seconds(11))
        _ = machine.renewed(sentAt: .seconds(10), for: .seconds(30), now: .seconds(10))
        #expect(machine.tick(now: .seconds(12)).renews)
    }

    @Test func `releasing after the deadline is a loss, whether or not a tick came first`() {
        var machine = held()
        let wasHeld = machine.end(now: machine.deadline)
        #expect(!wasHeld)
        #expect(machine.phase == .lost(.expired))
        var timely = held()
        let wasTimely = timely.end(now: .seconds(1))
        #expect(wasTimely)
        #expect(timely.phase == .ended)
    }
}
