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
    func result<R>(
        of request: Request, isCancellable: Bool, _ read: Read<R>
    ) async throws(ZooKeeperError) -> R {
        let reply: Reply
        do throws(LockError) {
            try check(request)
            reply = try await request.reply(isCancellable: isCancellable) { hand(over: request) }
        } catch {
            throw .failed(error)
        }
        return try Self.result(reply, read)
    }

    /// Sends two requests as one.
    func results<A, B>(
        of first: Request, and second: Request, isCancellable: Bool, _ readFirst: Read<A>, _ readSecond: Read<B>
    ) async throws(ZooKeeperError) -> (A, Result<B, ZooKeeperError>) {
        let replies: (Reply, Result<Reply, LockError>)
        do throws(LockError) {
            try check(first)
            try check(second)
            let one = try await first.reply(isCancellable: isCancellable) { hand(over: first, second) }
            let other: Result<Reply, LockError>
            do throws(LockError) {
                other = .success(try await second.reply(isCancellable: isCancellable) {})
            } catch {
                other = .failure(error)
            }
            replies = (one, other)
        } catch {
            throw .failed(error)
        }
        let value = try Self.result(replies.0, readFirst)
        do throws(ZooKeeperError) {
            switch replies.1 {
            case .success(let reply): return (value, .success(try Self.result(reply, readSecond)))
            case .failure(let error): throw .failed(error)
            }
        } catch {
            return (value, .failure(error))
        }
    }

    private static func result<R>(_ reply: Reply, _ read: Read<R>) throws(ZooKeeperError) -> R {
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
