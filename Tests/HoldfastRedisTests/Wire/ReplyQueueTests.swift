#if Redis
import Holdfast
import NIOCore
import Testing

@testable import HoldfastRedis

struct ReplyQueueTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)

    private func request(_ seconds: Int64 = 2) -> Request {
        Request(RedisCommand("PING"), deadline: start + .seconds(seconds))
    }

    /// The request that an event settles, and how.
    private func settled(_ event: ReplyQueue.Event) -> (ObjectIdentifier, [RESPValue])? {
        guard case .settle(let request, let reply) = event else { return nil }
        return (ObjectIdentifier(request), reply.values)
    }

    @Test func `replies go to requests in order, with pushes between them`() {
        var queue = ReplyQueue()
        let first = request()
        let second = Request([RedisCommand("PING"), RedisCommand("PING")], deadline: start + .seconds(2))
        queue.append(first, now: start)
        queue.append(second, now: start)
        guard case .push(let elements) = queue.receive(.push([.simple("message"), .integer(1)])) else {
            Issue.record("not a push")
            return
        }
        #expect(elements.count == 2)
        let one = settled(queue.receive(.integer(1)))
        #expect(one?.0 == ObjectIdentifier(first) && one?.1 == [.integer(1)])
        let none = settled(queue.receive(.integer(2)))
        #expect(none == nil)
        let two = settled(queue.receive(.error("ERR x")))
        #expect(two?.0 == ObjectIdentifier(second) && two?.1 == [.integer(2), .error("ERR x")])
        #expect(queue.isEmpty)
    }

    @Test func `a subscription is answered by pushes, or by one error`() {
        var queue = ReplyQueue()
        let both = Request(.subscribe(["a", "b"]), deadline: start)
        let refused = Request(.subscribe(["c"]), deadline: start)
        queue.append(both, now: start)
        queue.append(refused, now: start)
        // A message of an earlier subscription is not a confirmation.
        _ = queue.receive(.push([.simple("message"), .simple("a"), .simple("subscribe")]))
        let half = settled(queue.receive(.push([.simple("subscribe"), .simple("a"), .integer(1)])))
        #expect(half == nil)
        let whole = settled(queue.receive(.push([.simple("subscribe"), .simple("b"), .integer(2)])))
        #expect(whole?.0 == ObjectIdentifier(both))
        let error = settled(queue.receive(.error("NOPERM no channel")))
        #expect(error?.0 == ObjectIdentifier(refused) && error?.1 == [.error("NOPERM no channel")])
        #expect(queue.isEmpty)
    }

    @Test func `an answer to nothing, or a reply to a subscription, is a violation`() {
        var queue = ReplyQueue()
        guard case .violation = queue.receive(.integer(1)) else {
            Issue.record("taken")
            return
        }
        queue.append(Request(.subscribe(["a"]), deadline: start), now: start)
        guard case .violation = queue.receive(.integer(1)) else {
            Issue.record("taken")
            return
        }
    }

    @Test func `a request whose time is over keeps its place`() {
        var queue = ReplyQueue()
        let (early, late) = (request(1), request(3))
        queue.append(early, now: start)
        queue.append(late, now: start)
        #expect(queue.nextDeadline == early.deadline)
        let over = queue.expire(now: start + .seconds(1)).map(ObjectIdentifier.init)
        #expect(over == [ObjectIdentifier(early)])
        let again = queue.expire(now: start + .seconds(2))
        #expect(again.isEmpty)
        #expect(queue.nextDeadline == late.deadline && queue.count == 2 && queue.oldest == start)
        let first = settled(queue.receive(.integer(1)))
        #expect(first?.0 == ObjectIdentifier(early))
        let second = settled(queue.receive(.integer(2)))
        #expect(second?.0 == ObjectIdentifier(late) && second?.1 == [.integer(2)])
        #expect(queue.isEmpty && queue.nextDeadline == nil)
    }

    @Test func `at the end everything that waits is told`() {
        var queue = ReplyQueue()
        for _ in 0..<3 { queue.append(request(), now: start) }
        let left = queue.removeAll()
        #expect(left.count == 3 && queue.isEmpty)
    }
}
#endif
