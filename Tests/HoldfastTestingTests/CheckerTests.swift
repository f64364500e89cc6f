import Holdfast
import HoldfastTesting
import Testing

/// Histories by hand: good ones pass, and each bad one is blamed for the one rule that it breaks.
@Suite struct CheckerTests {
    typealias Kind = HistoryEvent.Kind

    struct Sample: Sendable, CustomTestStringConvertible {
        let name: String
        /// `nil`: the history is good.
        let invariant: String?
        let events: [(Int, Kind)]
        var testDescription: String { name }
    }

    private static let bounds = Checkers.Bounds(handOff: .seconds(1), longestLife: .seconds(30))

    @Test(arguments: good + beliefs + orders + ends) func `a history is judged rightly`(_ sample: Sample) {
        let history = History(sample.events.map { (Duration.seconds($0.0), $0.1) })
        let found = Set(Checkers.all(history, bounds: Self.bounds).map(\.invariant))
        #expect(found == (sample.invariant.map { [$0] } ?? []))
    }

    static func id(_ number: UInt64) -> Claim.ID { Claim.ID(client: 1, sequence: number) }
    static func token(_ number: Int64) -> FencingToken { FencingToken(rawValue: number) ?? token(1) }
    static func invoke(_ operation: Int, _ mode: LockMode = .exclusive) -> Kind {
        .invoke(operation, client: "c\(operation)", parts: [Claim.Part("k", mode)])
    }
    static func ok(_ operation: Int, token: Int64, until deadline: Int) -> Kind {
        .ok(operation, claim: id(UInt64(operation)), token: Self.token(token), deadline: .seconds(deadline))
    }
    static func seen(_ operation: Int, token: Int64, until deadline: Int) -> Kind {
        .observed(operation, isHeld: true, token: Self.token(token), deadline: .seconds(deadline))
    }
    static func state(_ number: UInt64, _ token: Int64?, _ mode: LockMode = .exclusive) -> ClaimState {
        ClaimState(key: "k", id: id(number), mode: mode, token: token.map { Self.token($0) })
    }
    /// A whole hold, from 0 s on.
    static func hold(_ operation: Int, token: Int64, from begin: Int, to end: Int) -> [(Int, Kind)] {
        [
            (begin, invoke(operation)), (begin, ok(operation, token: token, until: end + 10)),
            (end, .releasing(operation)),
            (end, .released(operation, isConfirmed: true)),
        ]
    }

    static let good: [Sample] = [
        Sample(
            name: "one after the other", invariant: nil,
            events: hold(1, token: 1, from: 0, to: 2) + hold(2, token: 2, from: 2, to: 3)),
        Sample(
            name: "readers together", invariant: nil,
            events: [
                (0, invoke(1, .shared)), (0, invoke(2, .shared)), (1, ok(1, token: 1, until: 9)),
                (1, ok(2, token: 2, until: 9)),
            ]),
        Sample(
            name: "granted after a holder's deadline", invariant: nil,
            events: [(0, invoke(1)), (0, ok(1, token: 1, until: 5)), (1, invoke(2)), (6, ok(2, token: 2, until: 10))]),
        Sample(
            name: "granted after a crash", invariant: nil,
            events: [
                (0, invoke(1)), (0, ok(1, token: 1, until: 9)), (1, .crashed(client: "c1")), (2, invoke(2)),
                (3, ok(2, token: 2, until: 10)),
            ]),
        Sample(
            name: "a quiet end", invariant: nil,
            events: hold(1, token: 1, from: 0, to: 2) + [(30, .quiesced(claims: [], waiters: 0))]),
    ]

    static let beliefs: [Sample] = [
        Sample(
            name: "two at once", invariant: "I1",
            events: [(0, invoke(1)), (0, invoke(2)), (1, ok(1, token: 1, until: 9)), (2, ok(2, token: 2, until: 9))]),
        Sample(
            // Sent at 0 for 5 s, answered at 4: the life ends at 5, and the holder believes until 9.
            name: "a deadline from the time of the reply", invariant: "I1",
            events: [
                (0, invoke(1)), (0, invoke(2)), (4, ok(1, token: 1, until: 9)), (6, ok(2, token: 2, until: 11)),
            ]),
        Sample(
            name: "a deadline that a renewal moved too far", invariant: "I1",
            events: [
                (0, invoke(1)), (0, invoke(2)), (0, ok(1, token: 1, until: 4)), (3, seen(1, token: 1, until: 9)),
                (6, ok(2, token: 2, until: 11)),
            ]),
        Sample(
            // The claim expired in the queue; the late answer of its grant is taken at its word.
            name: "no second look after the wait in the queue", invariant: "I1",
            events: [
                (0, invoke(1)), (0, invoke(2)), (3, ok(2, token: 2, until: 9)), (4, ok(1, token: 1, until: 5)),
                (4, .releasing(1)), (5, .releasing(2)),
            ]),
        Sample(
            name: "a reader beside a writer", invariant: "I1",
            events: [
                (0, invoke(1, .shared)), (0, invoke(2)), (1, ok(1, token: 1, until: 9)), (2, ok(2, token: 2, until: 9)),
            ]),
        Sample(
            name: "a reader of a path beside a writer below", invariant: "I1",
            events: [
                (0, invoke(1, .path(.intentionExclusive))), (0, invoke(2, .path(.shared))),
                (1, ok(1, token: 1, until: 9)), (2, ok(2, token: 2, until: 9)),
            ]),
        Sample(
            name: "a reader below a path's writer, whose intention is left out", invariant: "I1",
            events: [
                (0, .invoke(1, client: "c1", parts: [Claim.Part("a/b", .path(.exclusive))])),
                (0, .invoke(2, client: "c2", parts: [Claim.Part("a/b/c", .path(.shared))])),
                (0, ok(1, token: 1, until: 9)), (0, ok(2, token: 2, until: 9)),
            ]),
        Sample(
            name: "a fourth of three permits", invariant: "I1",
            events: (1...4).map { (0, invoke($0, .permits(1, of: 3))) }
                + (1...4).map { (1, ok($0, token: Int64($0), until: 9)) }),
        Sample(
            name: "believes again after the loss", invariant: "I11",
            events: [
                (0, invoke(1)), (0, ok(1, token: 1, until: 5)), (4, .lost(1, reason: "expired")),
                (5, seen(1, token: 1, until: 9)),
            ]),
        Sample(
            name: "believes past its own deadline", invariant: "I11",
            events: [(0, invoke(1)), (0, ok(1, token: 1, until: 5)), (6, seen(1, token: 1, until: 5))]),
    ]

    static let orders: [Sample] = [
        Sample(
            name: "a token twice", invariant: "I2",
            events: hold(1, token: 5, from: 0, to: 1) + hold(2, token: 5, from: 2, to: 3)),
        Sample(
            name: "a token that falls", invariant: "I2",
            events: hold(1, token: 5, from: 0, to: 1) + hold(2, token: 4, from: 2, to: 3)),
        Sample(
            name: "a token that changes", invariant: "I2",
            events: [(0, invoke(1)), (0, ok(1, token: 1, until: 9)), (1, seen(1, token: 2, until: 9))]),
        Sample(
            name: "the second is granted first", invariant: "I7",
            events: [
                (0, .placed(id(1), parts: [Claim.Part("k")])), (0, .granted(id(1), token: token(1))),
                (1, .placed(id(2), parts: [Claim.Part("k")])), (2, .placed(id(3), parts: [Claim.Part("k")])),
                (3, .gone(id(1))), (3, .granted(id(3), token: token(2))),
            ]),
        Sample(
            name: "a reader before an earlier writer", invariant: "I7",
            events: [
                (0, .placed(id(1), parts: [Claim.Part("k")])), (1, .placed(id(2), parts: [Claim.Part("k", .shared)])),
                (1, .granted(id(2), token: token(1))),
            ]),
        Sample(
            name: "a writer below a path before an earlier reader of it", invariant: "I7",
            events: [
                (0, .placed(id(1), parts: [Claim.Part("k", .path(.shared))])),
                (1, .placed(id(2), parts: [Claim.Part("k", .path(.intentionExclusive))])),
                (1, .granted(id(2), token: token(1))),
            ]),
        Sample(
            name: "two upgradeable claims at the backend", invariant: "I9",
            events: [(1, .verb(.extend([id(1)]), before: upgradeable, after: upgradeable))]),
        Sample(
            name: "permits beyond the limit at the backend", invariant: "I9",
            events: [(1, .verb(.extend([id(1)]), before: held, after: held))]),
    ]
    private static let upgradeable = [state(1, 1, .path(.upgradeable)), state(2, 2, .path(.upgradeable))]
    private static let held = [state(1, 1, .permits(2, of: 3)), state(2, 2, .permits(2, of: 3))]

    static let ends: [Sample] = [
        Sample(
            name: "a removal of what is gone takes the next holder's claim", invariant: "I5",
            events: [(1, .verb(.remove(id(1)), before: [state(2, 2)], after: []))]),
        Sample(
            name: "an extension brings back what is gone", invariant: "I5",
            events: [(1, .verb(.extend([id(1)]), before: [], after: [state(1, 1)]))]),
        Sample(
            name: "an extension changes another's token", invariant: "I5",
            events: [(1, .verb(.extend([id(1)]), before: [state(2, 2)], after: [state(2, 3)]))]),
        Sample(
            name: "a waiter that nobody wakes", invariant: "I6",
            events: hold(1, token: 1, from: 0, to: 2) + [(1, invoke(2)), (20, .info(2, reason: "timedOut"))]),
        Sample(
            name: "a waiter that is granted late", invariant: "I6",
            events: hold(1, token: 1, from: 0, to: 2) + [(1, invoke(2)), (9, ok(2, token: 2, until: 20))]),
        Sample(
            name: "a waiter without a blocker at the backend", invariant: "I6",
            events: [(1, .verb(.remove(id(1)), before: [state(1, 1), state(2, nil)], after: [state(2, nil)]))]),
        Sample(
            name: "a claim that stays", invariant: "I8",
            events: [(1, .quiesced(claims: ["k"], waiters: 0))]),
        Sample(
            name: "a waiter that stays", invariant: "I8",
            events: [(1, .quiesced(claims: [], waiters: 1))]),
    ]

    @Test func `a history that was cut short says so`() {
        #expect(Checkers.all(History([], isComplete: false), bounds: Self.bounds).map(\.invariant) == ["I0"])
    }
}
