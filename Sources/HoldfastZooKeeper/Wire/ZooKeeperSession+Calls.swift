#if ZooKeeper
import Holdfast
import NIOCore

/// From a request to its result.
extension ZooKeeperSession {
    typealias Read<R> = (inout JuteReader) throws(JuteReader.Malformed) -> R

    func request(
        _ code: OpCode, watching interest: Request.Interest? = nil, _ write: (inout ByteBuffer) -> Void
    ) -> Request {
        Request(code, deadline: .now() + bounds.requestTimeout, interest: interest, write)
    }

    /// Sends a request, and reads its answer.
    func result<R>(of request: Request, isCancellable: Bool, _ read: Read<R>) async throws(ZooKeeperError) -> R {
        try Self.result(try await reply(to: request, isCancellable: isCancellable), read)
    }

    /// Sends a request.
    func reply(to request: Request, isCancellable: Bool) async throws(ZooKeeperError) -> Reply {
        do throws(LockError) {
            try check(request)
            return try await request.reply(isCancellable: isCancellable) { hand(over: request) }
        } catch {
            throw .failed(error)
        }
    }

    /// Sends two requests as one.
    func results<A, B>(
        of first: Request, and second: Request, isCancellable: Bool, _ readFirst: Read<A>, _ readSecond: Read<B>
    ) async throws(ZooKeeperError) -> (A, Result<B, ZooKeeperError>) {
        let (reply, others) = try await reply(to: first, with: [second], isCancellable: isCancellable, readSecond)
        return (try Self.result(reply, readFirst), others[0])
    }

    /// Sends a request, and others behind it, as one.
    func reply<R>(
        to first: Request, with rest: [Request], isCancellable: Bool, _ readOther: Read<R>
    ) async throws(ZooKeeperError) -> (Reply, [Result<R, ZooKeeperError>]) {
        let reply: Reply
        do throws(LockError) {
            try check(first)
            for request in rest { try check(request) }
            reply = try await first.reply(isCancellable: isCancellable) { hand(over: first, rest) }
        } catch {
            throw .failed(error)
        }
        var others: [Result<R, ZooKeeperError>] = []
        for request in rest {
            do throws(LockError) {
                let reply = try await request.reply(isCancellable: isCancellable) {}
                others.append(Result { () throws(ZooKeeperError) in try Self.result(reply, readOther) })
            } catch {
                others.append(.failure(.failed(error)))
            }
        }
        return (reply, others)
    }

    static func result<R>(_ reply: Reply, _ read: Read<R>) throws(ZooKeeperError) -> R {
        guard reply.error == 0 else { throw ZooKeeperError(ZooKeeperFault(code: reply.error)) }
        var body = reply.body
        do throws(JuteReader.Malformed) {
            return try read(&body)
        } catch {
            throw .failed(LockError(.unavailable, "ZooKeeper's answer cannot be read: \(error)"))
        }
    }

    private func check(_ request: Request) throws(LockError) {
        // The request's number comes before its body.
        let size = request.body.readableBytes + 4
        guard size <= bounds.requestBytes else { throw bounds.tooLarge(size) }
    }
}

extension ZooKeeperError {
    init(_ fault: ZooKeeperFault) { self = fault.isOutcomeUnknown ? .failed(fault.lockError) : .fault(fault) }
}
#endif
