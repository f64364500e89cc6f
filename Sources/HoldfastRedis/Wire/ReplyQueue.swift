#if Redis
import Holdfast
import NIOCore

/// What was written to one connection and is not answered yet, in order. Pure: time comes in, effects go out.
struct ReplyQueue {
    /// What a value from the server means.
    enum Event {
        /// Nothing yet.
        case none
        case settle(Request, Request.Reply)
        case push([RESPValue])
        case violation(String)
    }

    private struct Entry {
        let request: Request
        let writtenAt: NIODeadline
        let isConfirmed: Bool
        var missing: Int
        var replies: [RESPValue] = []
    }

    private var entries = CircularBuffer<Entry>()
    /// How many at the head have had their time-out.
    private var expired = 0

    var isEmpty: Bool { entries.isEmpty }
    var count: Int { entries.count }

    mutating func append(_ request: Request, now: NIODeadline) {
        switch request.answer {
        case .reply:
            entries.append(Entry(request: request, writtenAt: now, isConfirmed: false, missing: request.count))
        case .confirmations(let count):
            entries.append(Entry(request: request, writtenAt: now, isConfirmed: true, missing: count))
        }
    }

    mutating func receive(_ value: RESPValue) -> Event {
        if case .push(let elements) = value { return receive(push: elements) }
        guard !entries.isEmpty else { return .violation("an answer to nothing that was asked") }
        let head = entries.startIndex
        if entries[head].isConfirmed {
            // A subscription that is refused is answered by an error, once.
            guard case .error = value else { return .violation("a reply where a subscription is to be confirmed") }
            return finish(.one(value))
        }
        if !entries[head].request.isBatch { return finish(.one(value)) }
        entries[head].replies.append(value)
        entries[head].missing -= 1
        return entries[head].missing == 0 ? finish(.many(entries[head].replies)) : .none
    }

    /// In order with the replies, so a confirmation is for the head or for nobody.
    private mutating func receive(push elements: [RESPValue]) -> Event {
        guard let kind = elements.first?.text, kind.hasSuffix("subscribe"), !entries.isEmpty,
            entries[entries.startIndex].isConfirmed
        else { return .push(elements) }
        let head = entries.startIndex
        entries[head].missing -= 1
        return entries[head].missing == 0 ? finish(.one(.push(elements))) : .none
    }

    private mutating func finish(_ reply: Request.Reply) -> Event {
        expired = max(0, expired - 1)
        return .settle(entries.removeFirst().request, reply)
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
