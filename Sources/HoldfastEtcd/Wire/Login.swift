#if Etcd
import Holdfast
import NIOCore
import SwiftProtobuf
import Synchronization

/// A user's token on one connection. One task fetches it, and all others wait for that one: the server takes its time
/// over a password.
final class Login: Sendable {
    private struct State {
        /// Tokens so far.
        var generation = 0
        var fetchedAt: ContinuousClock.Instant?
        var waiters: [Waiter<Void>]?
    }
    private let credentials: EtcdConfiguration.Credentials
    private let bounds: EtcdBounds
    private let state = Mutex(State())

    init(_ credentials: EtcdConfiguration.Credentials, _ bounds: EtcdBounds) {
        self.credentials = credentials
        self.bounds = bounds
    }

    /// Of the token that calls carry now.
    var generation: Int { state.withLock(\.generation) }
    /// When the token came.
    var fetchedAt: ContinuousClock.Instant? { state.withLock(\.fetchedAt) }

    /// Returns when there is a token that is newer than that of `generation`.
    ///
    /// - Returns: whether it was this call that fetched it.
    func renew(after generation: Int, on connection: EtcdConnection) async throws(LockError) -> Bool {
        enum Part { case done, wait(Waiter<Void>), fetch }
        let part: Part = state.withLock { state in
            guard state.generation == generation else { return .done }
            guard state.waiters != nil else {
                state.waiters = []
                return .fetch
            }
            let waiter = Waiter<Void>()
            state.waiters?.append(waiter)
            return .wait(waiter)
        }
        switch part {
        case .done: return false
        case .wait(let waiter):
            try await waiter.cancellableOutcome {}.get()
            return false
        case .fetch:
            do throws(LockError) {
                let token = try await fetch(on: connection)
                connection.enqueue(.token(token))
                settle(.success(()), generation + 1)
                return true
            } catch {
                // Another may do what a cancelled task did not.
                let shared = error.code == .cancelled ? LockError(.unavailable, "the login was broken off") : error
                settle(.failure(shared), generation)
                throw error
            }
        }
    }

    private func settle(_ outcome: Waiter<Void>.Outcome, _ generation: Int) {
        let waiters = state.withLock { state in
            state.generation = generation
            if case .success = outcome { state.fetchedAt = .now }
            defer { state.waiters = nil }
            return state.waiters ?? []
        }
        for waiter in waiters { waiter.settle(outcome) }
    }

    /// - Returns: `nil` where the server has no users.
    private func fetch(on connection: EtcdConnection) async throws(LockError) -> String? {
        let request = Etcdserverpb_AuthenticateRequest.with {
            $0.name = credentials.user
            $0.password = credentials.password
        }
        let call = UnaryCall(
            .authenticate, try MessageCodec.framed(request), deadline: .now() + TimeAmount(bounds.requestTimeout))
        switch try await connection.reply(to: call) {
        case .message(let bytes):
            let answer: Etcdserverpb_AuthenticateResponse = try MessageCodec.message(bytes)
            return answer.token
        case .unsent: throw LockError(.unavailable, "the connection to etcd was lost", cause: connection.failure)
        case .fault(let fault):
            let error = EtcdFault.error(for: fault)
            if error.code == .unsupported { return nil }
            throw error
        }
    }
}
#endif
