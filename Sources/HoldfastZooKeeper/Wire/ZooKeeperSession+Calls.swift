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
        let one: Reply
        do throws(LockError) {
            try check(first)
            try check(second)
            one = try await first.reply(isCancellable: isCancellable) { hand(over: first, second) }
        } catch {
            throw .failed(error)
        }
        let other: Result<Reply, LockError>
        do throws(LockError) {
            other = .success(try await second.reply(isCancellable: isCancellable) {})
        } catch {
            other = .failure(error)
        }
        let value = try Self.result(one, readFirst)
        do throws(ZooKeeperError) {
            switch other {
            case .success(let reply): return (value, .success(try Self.result(reply, readSecond)))
            case .failure(let error): throw .failed(error)
            }
        } catch {
            return (value, .failure(error))
        }
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
