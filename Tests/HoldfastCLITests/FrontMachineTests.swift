import Testing

@testable import HoldfastCLI

struct FrontMachineTests {
    private let second: Int64 = 1_000_000_000

    private func running(
        minHold: Duration? = nil, onLost: OnLost = .kill, endsWithCommand: Bool = false, isQuiet: Bool = false
    ) -> FrontMachine {
        var machine = FrontMachine(
            name: "k", conflictStatus: .notHad, killAfter: .seconds(5), minHold: minHold, onLost: onLost,
            endsWithCommand: endsWithCommand, isQuiet: isQuiet)
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

    private func runningOnce(recordsFailures: Bool = false) -> FrontMachine {
        let once = OncePlan(retention: .seconds(60), recordsFailures: recordsFailures, keepsOutput: true)
        var machine = FrontMachine(name: "k", conflictStatus: .notHad, killAfter: .seconds(5), once: once)
        _ = machine.received(.granted(environment: "A=1"), now: 0, deadline: 28 * second)
        return machine
    }

    @Test func `once has a success recorded before the claim ends, and a failure where that was asked for`() {
        for (status, recordsFailures, isRecorded) in [
            (0, false, true), (3, false, false), (3, true, true), (127, true, false), (137, true, false),
        ] as [(Int32, Bool, Bool)] {
            var machine = runningOnce(recordsFailures: recordsFailures)
            let status = ExitStatus(code: status)
            #expect(machine.commandEnded(status, now: second) == [])
            let actions = machine.descendantsEnded(now: second)
            #expect(actions == (isRecorded ? [.record(status), .endClaim] : [.endClaim]))
            #expect(machine.received(.released, now: second, deadline: 0) == [.exit(status)])
        }
    }

    @Test func `once records nothing where the lock was lost`() {
        var machine = runningOnce()
        _ = machine.received(.lost(reason: "it was removed"), now: second, deadline: 28 * second)
        #expect(machine.commandEnded(.success, now: second) == [])
        #expect(machine.descendantsEnded(now: second) == [.endClaim])
        #expect(machine.received(.released, now: second, deadline: 0) == [.exit(.lost)])
    }

    @Test func `what ran before is printed again, and nothing is started`() {
        let once = OncePlan(retention: .seconds(60), recordsFailures: true, keepsOutput: true)
        var machine = FrontMachine(name: "k", conflictStatus: .notHad, killAfter: .seconds(5), once: once)
        let actions = machine.received(.recorded(ExitStatus(code: 3)), now: 0, deadline: 0)
        #expect(actions == [.replay, .exit(ExitStatus(code: 3))])
    }

    @Test func `a success that is not known to be recorded is told by the exit status`() {
        let ends: [(inout FrontMachine) -> [FrontMachine.Action]] = [
            { $0.received(.unrecorded("may run again"), now: 2, deadline: 0) },
            { $0.received(.failed(.internalError, "x"), now: 2, deadline: 0) },
            { $0.engineGone(now: 2, deadline: 0) },
            { $0.signalled(15, reachesCommandByItself: false, now: 2) },
            { $0.tick(now: 100 * 1_000_000_000, deadline: 0) },
        ]
        for end in ends {
            var machine = runningOnce()
            _ = machine.commandEnded(.success, now: 1)
            _ = machine.descendantsEnded(now: 1)
            let actions = end(&machine)
            guard case .say(let text)? = actions.first else {
                Issue.record("\(actions)")
                continue
            }
            #expect(text.contains("may run again") && actions.last == .exit(.storeUnusable))
        }
    }

    @Test func `a lost lock stops the command, kills it after the grace and says 79`() {
        var machine = running()
        let actions = machine.received(.lost(reason: "it was removed"), now: second, deadline: 28 * second)
        #expect(actions.first == .terminate)
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
        #expect(machine.tick(now: 23 * second, deadline: 28 * second).first == .terminate)
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

    @Test func `KILL comes before the deadline by its margin, also where there is no grace`() {
        for (killAfter, termAt) in [(5, 23), (0, 26)] as [(Int64, Int64)] {
            var machine = FrontMachine(
                name: "k", conflictStatus: .notHad, killAfter: .seconds(killAfter), killMargin: .seconds(2))
            _ = machine.received(.granted(environment: ""), now: 0, deadline: 28 * second)
            #expect(machine.nextTick(deadline: 28 * second) == termAt * second)
            let actions = machine.tick(now: termAt * second, deadline: 28 * second)
            #expect(actions.first == (killAfter == 0 ? .kill : .terminate))
            guard killAfter > 0 else { continue }
            #expect(machine.phase == .stopping(killAt: 26 * second))
        }
    }

    @Test func `what is killed is killed again until nothing is left`() {
        var machine = running()
        _ = machine.engineGone(now: 27 * second, deadline: 28 * second)
        #expect(machine.tick(now: 28 * second, deadline: 28 * second) == [.kill])
        #expect(machine.tick(now: 28 * second, deadline: 28 * second) == [])
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

    @Test func `after a pause past the deadline the command is killed first thing, without TERM`() {
        var machine = running()
        let actions = machine.tick(now: 60 * second, deadline: 28 * second)
        #expect(actions.first == .kill)
        #expect(!actions.contains(.terminate))
    }

    @Test func `a grant that is over when it is seen starts nothing`() {
        var machine = FrontMachine(name: "k", conflictStatus: .notHad, killAfter: .seconds(5))
        let actions = machine.received(.granted(environment: "A=1"), now: 28 * second, deadline: 28 * second)
        #expect(actions.first == .endClaim)
        #expect(machine.received(.released, now: 29 * second, deadline: 0) == [.exit(.lost)])
    }

    @Test func `the command goes on without the lock where it may, and its own status stands`() {
        var machine = running(onLost: .ignore)
        let actions = machine.received(.lost(reason: "it was removed"), now: second, deadline: 28 * second)
        #expect(actions.count == 1)
        #expect(machine.nextTick(deadline: 28 * second) == nil)
        #expect(machine.commandEnded(ExitStatus(code: 3), now: 60 * second) == [])
        #expect(machine.descendantsEnded(now: 60 * second) == [.endClaim])
        #expect(machine.received(.released, now: 60 * second, deadline: 0) == [.exit(ExitStatus(code: 3))])
    }

    @Test func `one signal, where that is asked for`() {
        var machine = running(onLost: .signal(10), isQuiet: true)
        #expect(machine.tick(now: 23 * second, deadline: 28 * second) == [.signal(10)])
        #expect(machine.tick(now: 28 * second, deadline: 28 * second) == [])
    }

    @Test func `the shortest hold keeps the claim after the command, and counts from the grant`() {
        var machine = running(minHold: .seconds(10))
        _ = machine.commandEnded(.success, now: second)
        #expect(machine.descendantsEnded(now: second) == [])
        #expect(machine.nextTick(deadline: 28 * second) == 10 * second)
        #expect(machine.tick(now: 9 * second, deadline: 28 * second) == [])
        #expect(machine.tick(now: 10 * second, deadline: 28 * second) == [.endClaim])
        var long = running(minHold: .seconds(10))
        _ = long.commandEnded(.success, now: 11 * second)
        #expect(long.descendantsEnded(now: 11 * second) == [.endClaim])
    }

    @Test func `a lock that is lost while it lingers stops nothing, and a signal ends the lingering`() {
        var machine = running(minHold: .seconds(10), isQuiet: true)
        _ = machine.commandEnded(ExitStatus(code: 4), now: second)
        _ = machine.descendantsEnded(now: second)
        var other = machine
        #expect(machine.received(.lost(reason: "it was removed"), now: second, deadline: 0) == [.endClaim])
        #expect(machine.received(.released, now: second, deadline: 0) == [.exit(ExitStatus(code: 4))])
        #expect(other.signalled(15, reachesCommandByItself: false, now: second) == [.endClaim])
    }

    @Test func `what the command left behind counts unless it is left alone`() {
        #expect(running().waitsForDescendants)
        var machine = running(endsWithCommand: true)
        #expect(!machine.waitsForDescendants)
        // What is stopped is stopped whole.
        _ = machine.received(.lost(reason: "it was removed"), now: second, deadline: 28 * second)
        #expect(machine.waitsForDescendants)
    }
}
