import Testing

@testable import HoldfastCLI

struct FrontMachineTests {
    private let second: Int64 = 1_000_000_000

    private func running() -> FrontMachine {
        var machine = FrontMachine(name: "k", conflictStatus: .notHad, killAfter: .seconds(5))
        #expect(
            machine.received(.granted(environment: "A=1"), now: 0, deadline: 28 * second) == [
                .start(environment: "A=1")
            ])
        return machine
    }

    @Test func `a command that ends passes its status through after the release`() {
        var machine = running()
        #expect(machine.commandEnded(ExitStatus(code: 7), now: second) == [])
        #expect(machine.descendantsEnded(now: second) == [.endClaim])
        #expect(machine.received(.released, now: second, deadline: 0) == [.exit(ExitStatus(code: 7))])
    }

    @Test func `a lost lock stops the command, kills it after the grace and says 79`() {
        var machine = running()
        let actions = machine.received(.lost(reason: "it was removed"), now: second, deadline: 28 * second)
        #expect(actions.last == .terminate)
        #expect(machine.tick(now: 5 * second, deadline: 28 * second) == [])
        #expect(machine.tick(now: 6 * second, deadline: 28 * second) == [.kill])
        #expect(machine.commandEnded(.signalled(9), now: 6 * second) == [])
        #expect(machine.descendantsEnded(now: 6 * second) == [.endClaim])
        #expect(machine.received(.released, now: 6 * second, deadline: 0) == [.exit(.lost)])
    }

    @Test func `an engine that falls silent has the command stopped before the deadline, and killed at it`() {
        var machine = running()
        #expect(machine.nextTick(deadline: 28 * second) == 23 * second)
        #expect(machine.tick(now: 22 * second, deadline: 28 * second) == [])
        #expect(machine.tick(now: 23 * second, deadline: 28 * second).last == .terminate)
        #expect(machine.tick(now: 28 * second, deadline: 28 * second) == [.kill])
    }

    @Test func `a renewal moves the stop`() {
        var machine = running()
        #expect(machine.tick(now: 23 * second, deadline: 38 * second) == [])
        #expect(machine.phase == .running)
    }

    @Test func `the grace never reaches past the deadline`() {
        var machine = running()
        _ = machine.engineGone(now: 26 * second, deadline: 28 * second)
        #expect(machine.phase == .stopping(killAt: 28 * second))
        #expect(machine.descendantsEnded(now: 27 * second) == [.exit(.lost)])
    }

    @Test func `what is killed is killed again until nothing is left`() {
        var machine = running()
        _ = machine.engineGone(now: 28 * second, deadline: 28 * second)
        #expect(machine.tick(now: 28 * second, deadline: 28 * second) == [.kill])
        #expect(machine.tick(now: 29 * second, deadline: 28 * second) == [.kill])
    }

    @Test func `a signal while waiting gives the claim up and never starts the command`() {
        var machine = FrontMachine(name: "k", conflictStatus: .notHad, killAfter: .seconds(5))
        #expect(machine.signalled(15, reachesCommandByItself: false, now: 0) == [.endClaim])
        #expect(machine.received(.granted(environment: ""), now: 0, deadline: second) == [])
        #expect(machine.received(.released, now: 0, deadline: 0) == [.exit(.signalled(15))])
    }

    @Test func `a signal of the terminal reaches a command in the job by itself`() {
        var machine = running()
        #expect(machine.signalled(2, reachesCommandByItself: true, now: 0) == [])
        #expect(machine.signalled(2, reachesCommandByItself: false, now: 0) == [.forward(2)])
    }

    @Test func `a release that hangs ends with a warning and the command's status`() {
        var machine = running()
        _ = machine.commandEnded(.success, now: 0)
        _ = machine.descendantsEnded(now: 0)
        #expect(machine.tick(now: FrontMachine.releaseLimit, deadline: 0).last == .exit(.success))
    }
}
