import Holdfast
import HoldfastSQL
import Synchronization

/// A server that answers when the test says so, and what the test says.
final class ScriptedServer: NamedServer {
    private let state = Mutex((opened: [ScriptedWire](), deadOnes: 0))
    let bounds: NamedBounds
    let description = "a scripted server"

    init(connections: Int = 8) {
        bounds = NamedBounds(connections: connections, requestTimeout: .seconds(20))
    }

    /// The sessions of locks so far, the oldest first.
    var wires: [ScriptedWire] { state.withLock { $0.opened } }

    /// The next sessions of locks end as they are opened.
    func endNext(_ count: Int) { state.withLock { $0.deadOnes = count } }

    func open(keptFor seconds: Int, _ role: NamedRole) async throws(LockError) -> any NamedWire {
        let wire = ScriptedWire()
        guard case .holder = role else { return wire }
        state.withLock { state in
            if state.deadOnes > 0 {
                state.deadOnes -= 1
                wire.end(nil)
            }
            state.opened.append(wire)
        }
        return wire
    }
}

/// One of its sessions.
final class ScriptedWire: NamedWire {
    typealias Answer = @Sendable (Result<NamedBatch.Outcome, LockError>) -> Void

    private struct State {
        var asked: [(batch: NamedBatch, answer: Answer)] = []
        var isOver = false
        var onEnd: (@Sendable (LockError) -> Void)?
    }

    private let state = Mutex(State())
    static let over = LockError(.unavailable, "the session is over")

    var isOver: Bool { state.withLock { $0.isOver } }
    /// What it was asked, and has not answered.
    var asked: [NamedBatch] { state.withLock { $0.asked.map(\.batch) } }

    /// Answers the oldest request; on the loop's thread.
    func answer(_ make: (NamedBatch) -> NamedBatch.Outcome) {
        let first = state.withLock { $0.asked.isEmpty ? nil : $0.asked.removeFirst() }
        guard let first else { return }
        first.answer(.success(make(first.batch)))
    }

    func name(of key: LockKey) throws(LockError) -> String { key.text }

    func send(_ batch: NamedBatch, within limit: Duration?, _ done: @escaping Answer) {
        let isOver = state.withLock { state in
            if !state.isOver { state.asked.append((batch, done)) }
            return state.isOver
        }
        if isOver { done(.failure(Self.over)) }
    }

    var interruption: String { "interrupt" }
    var termination: String { "terminate" }

    func order(_ orders: [String], within limit: Duration, _ done: @escaping @Sendable () -> Void) { done() }

    func onEnd(_ body: @escaping @Sendable (LockError) -> Void) {
        let isOver = state.withLock { state in
            if !state.isOver { state.onEnd = body }
            return state.isOver
        }
        if isOver { body(Self.over) }
    }

    func end(_ reason: LockError?) {
        let (onEnd, unanswered) = state.withLock { state in
            defer { (state.onEnd, state.isOver, state.asked) = (nil, true, []) }
            return (state.onEnd, state.asked)
        }
        for (_, answer) in unanswered { answer(.failure(Self.over)) }
        onEnd?(Self.over)
    }
}
