#if ZooKeeper
import Holdfast
import NIOCore

/// What was written to one connection and is not answered yet, in order. Pure: time comes in, effects go out.
struct ReplyQueue {
    private struct Entry {
        let request: Request
        let xid: Int32
        let writtenAt: NIODeadline
    }

    private var entries = CircularBuffer<Entry>()
    /// How many at the head have had their time-out.
    private var expired = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    mutating func append(_ request: Request, xid: Int32, now: NIODeadline) {
        entries.append(Entry(request: request, xid: xid, writtenAt: now))
    }

    /// The request that an answer with this number is for: the oldest, or the server has lost count.
    mutating func take(xid: Int32) -> Request? {
        guard let head = entries.first, head.xid == xid else { return nil }
        expired = max(0, expired - 1)
        return entries.removeFirst().request
    }

    /// Requests whose time is over. They stay in the queue, since their answers may come.
    mutating func expire(now: NIODeadline) -> [Request] {
        var over: [Request] = []
        while expired < entries.count {
            let request = entries[entries.index(entries.startIndex, offsetBy: expired)].request
            guard request.deadline <= now else { break }
            over.append(request)
            expired += 1
        }
        return over
    }

    /// When the next request's time is over.
    var nextDeadline: NIODeadline? {
        guard expired < entries.count else { return nil }
        return entries[entries.index(entries.startIndex, offsetBy: expired)].request.deadline
    }

    /// Since when the server owes an answer.
    var oldest: NIODeadline? { entries.first?.writtenAt }

    /// Everything that waits, at the end of the connection.
    mutating func removeAll() -> [Request] {
        defer {
            entries.removeAll()
            expired = 0
        }
        return entries.map(\.request)
    }
}
#endif
