import Holdfast
import Hummingbird

/// Says in HTTP what became of a lock.
struct LockErrorMiddleware<Context: RequestContext>: RouterMiddleware {
    func handle(
        _ request: Request, context: Context, next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        do {
            return try await next(request, context)
        } catch let error as LockError {
            context.logger.warning("request failed on its lock", metadata: ["lock.error": "\(error)"])
            throw HTTPError(Self.status(of: error.code), message: error.message)
        } catch let error as Accounts.StaleToken {
            throw HTTPError(.conflict, message: "token \(error.given) is older than \(error.seen): nothing was written")
        }
    }

    private static func status(of code: LockError.Code) -> HTTPResponse.Status {
        switch code {
        case .busy, .wouldDeadlock: .conflict
        case .timedOut, .leaseLost, .unavailable, .notRunning: .serviceUnavailable
        case .invalidKey: .badRequest
        default: .internalServerError
        }
    }
}
