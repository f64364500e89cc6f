import Testing

@testable import Holdfast

@Suite struct UpdateMachineTests {
    private let lost = LockError(.unavailable, "no answer")

    private func machine(_ options: UpdateOptions = UpdateOptions()) -> UpdateMachine {
        var machine = UpdateMachine(options)
        machine.computed()
        return machine
    }

    @Test func `after a conflict it reads again, with a pause that grows up to a bound`() throws {
        var machine = UpdateMachine(UpdateOptions(attemptsLimit: 1000))
        #expect(machine.next == .read(after: .zero))
        var pauses: [Duration] = []
        for _ in 0..<12 {
            machine.computed()
            #expect(machine.next == .write(after: .zero))
            try machine.conflicted()
            guard case .read(let pause) = machine.next else { return #expect(Bool(false), "\(machine.next)") }
            pauses.append(pause)
        }
        #expect(pauses.prefix(3) == [.milliseconds(2), .milliseconds(4), .milliseconds(8)])
        #expect(pauses == pauses.sorted() && pauses.last == UpdateMachine.longestPause)
    }

    @Test func `the last of its attempts ends in a conflict that may be tried again`() throws {
        var machine = machine(UpdateOptions(attemptsLimit: 3))
        try machine.conflicted()
        try machine.conflicted()
        let error = #expect(throws: LockError.self) { try machine.conflicted() }
        #expect(error?.code == .conflict && error?.isRetriable == true && error?.isOutcomeUnknown == false)
    }

    @Test func `after so many conflicts it takes the lock, once`() throws {
        var machine = machine(UpdateOptions(locksAfter: 2))
        try machine.conflicted()
        #expect(machine.next != .lock)
        try machine.conflicted()
        #expect(machine.next == .lock)
        machine.locked()
        #expect(machine.next == .read(after: .zero))
        try machine.conflicted()
        #expect(machine.next != .lock)
    }

    @Test func `a write without an answer is sent again as it was, and a conflict then says nothing`() throws {
        var machine = machine()
        try machine.writeFailed(lost)
        #expect(machine.next == .write(after: .milliseconds(50)) && machine.isUnknown)
        let error = #expect(throws: LockError.self) { try machine.conflicted() }
        #expect(error?.code == .unavailable && error?.isOutcomeUnknown == true)
    }

    @Test func `a write that was never sent leaves nothing unknown`() throws {
        var machine = machine()
        try machine.writeFailed(LockError(.unavailable, "no connection", cause: NeverSent(nil)))
        #expect(machine.next == .write(after: .milliseconds(50)) && !machine.isUnknown)
        try machine.conflicted()
        #expect(machine.next == .read(after: .milliseconds(2)))
    }

    @Test func `a store that stays silent is given up`() throws {
        var machine = machine()
        for _ in 1..<UpdateMachine.failuresLimit { try machine.readFailed(lost) }
        let error = #expect(throws: LockError.self) { try machine.readFailed(lost) }
        #expect(error?.code == .unavailable && error?.message == lost.message)
        #expect(throws: LockError.self) { try machine.readFailed(LockError(.denied, "no")) }
    }
}
