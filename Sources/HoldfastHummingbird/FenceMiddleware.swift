#if Hummingbird
import HTTPTypes
public import Holdfast
import HoldfastHTTP
public import Hummingbird
import Logging

/// Refuses the write of a holder that has lost its lock: each request that writes says the fencing token of its lease
/// in `Fencing-Token`, and none passes after that of a later holder.
///
/// ```swift
/// router.group("users").add(middleware: FenceMiddleware(memory: FenceGuards())).put(":id", use: save)
/// ```
///
/// - Without a token: 428 Precondition Required, since an update that could be lost must be conditional.
/// - With two, or with something else than a token: 400 Bad Request.
/// - With an older token than the resource has seen: 412 Precondition Failed. To be the last holder is the condition
///   that the request set in its header, and it does not hold. 409 would ask for a repetition, which cannot succeed.
/// - Where nothing more can be remembered, or too many wait: 503 Service Unavailable.
///
/// What is refused never reaches the handler, and the body says what to do. A handler that throws
/// `LockError` with the code `staleToken` has found out by itself, and is answered like it: 412.
///
/// **What it promises is what its memory does.** With `FenceGuards`, from the check until the handler has returned its
/// response no other request to the resource passes in this process: enough for what the handler changes in this
/// process before it returns. It is not for what it leaves to a response body's stream or to another task. A restart
/// forgets, and another process knows nothing: where the resource is a database or another service, the handler carries
/// `request.headers.fencingToken` into the statement or the transaction that writes (`… AND fence <= :token`), and the
/// memory is `FenceByHandler()`, or one of your own that is a transaction around the handler.
///
/// A token is believed, as a lock's holder is: let only those in that you know, before this middleware. Only tokens of
/// exclusive locks are fences.
public struct FenceMiddleware<Context: RequestContext>: RouterMiddleware {
    /// What changes nothing by its meaning.
    public static var safeMethods: Set<HTTPRequest.Method> { [.get, .head, .options] }

    private let memory: any FenceMemory
    private let unguarded: Set<HTTPRequest.Method>
    private let resource: @Sendable (Request, Context) -> String?

    /// Makes a middleware.
    ///
    /// - Parameters:
    ///   - memory: what remembers the tokens.
    ///   - unguarded: the methods that pass without a token; ``safeMethods`` by default.
    ///   - resource: what a request writes to, by one name for all that write to it; `nil` for a request that needs no
    ///     token. By default the path as it was sent, without empty segments: say the name yourself where a resource is
    ///     reached by several paths or spellings.
    public init(
        memory: some FenceMemory, unguarded: Set<HTTPRequest.Method> = safeMethods,
        resource: @escaping @Sendable (Request, Context) -> String? = { request, _ in path(of: request) }
    ) {
        self.memory = memory
        self.unguarded = unguarded
        self.resource = resource
    }

    /// `/users/42` for `/users/42/`, too, as the router has it.
    public static func path(of request: Request) -> String {
        "/" + request.uri.path.split(separator: "/").joined(separator: "/")
    }

    /// Passes a request on, or refuses it.
    ///
    /// - Throws: what the handler throws; `CancellationError` while the request waited for its turn.
    public func handle(
        _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
        guard !unguarded.contains(request.method), let resource = resource(request, context) else {
            return try await next(request, context)
        }
        guard request.headers.contains(.fencingToken) else { return FenceRefusal.missing.response }
        guard let token = request.headers.fencingToken else { return FenceRefusal.malformed.response }
        do {
            return try await memory.admitting(token, to: resource) { try await next(request, context) }
        } catch let error as LockError {
            guard let refusal = FenceRefusal(error) else { throw error }
            context.logger.warning(
                "write refused by its fence",
                metadata: ["fence.resource": "\(resource)", "fence.token": "\(token)", "lock.error": "\(error)"])
            return refusal.response
        }
    }
}
#endif
