#if Redis
import Holdfast
import NIOCore
import Synchronization
import Testing

@testable import HoldfastRedis

extension RedisServer {
    /// Runs a link to this server around `body`.
    func linked(
        _ configuration: RedisConfiguration? = nil, bounds: LinkBounds? = nil,
        onPush: @escaping RedisLink.OnPush = { _ in },
        onConnect: @escaping RedisLink.OnConnect = { _ throws(LockError) in },
        _ body: @Sendable (RedisLink) async throws -> Void
    ) async throws {
        let link = RedisLink(
            configuration: configuration ?? self.configuration, bounds: bounds, onPush: onPush, onConnect: onConnect)
        try await link.running(body)
    }
}

extension RedisLink {
    /// Runs this link around `body`.
    func running(_ body: @Sendable (RedisLink) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await self.run() }
            do { try await body(self) } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

/// What a link's callbacks have heard.
final class Heard: Sendable {
    private let state = Mutex<(pushes: [[RESPValue]], sessions: [UInt64])>(([], []))

    var pushes: [[RESPValue]] { state.withLock(\.pushes) }
    var sessions: [UInt64] { state.withLock(\.sessions) }
    /// Texts of the messages.
    var messages: [String] { pushes.compactMap { $0.first?.text == "message" ? $0.last?.text : nil } }

    func push(_ elements: [RESPValue]) { state.withLock { $0.pushes.append(elements) } }
    func session(_ number: UInt64) { state.withLock { $0.sessions.append(number) } }
}

/// What a child task found.
final class Found<Value: Sendable>: Sendable {
    private let state = Mutex<Value?>(nil)

    var value: Value? {
        get { state.withLock { $0 } }
        set { state.withLock { $0 = newValue } }
    }
}

/// What a call fails with.
func failure<R>(of body: () async throws(LockError) -> R) async -> LockError? {
    do throws(LockError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension LinkBounds {
    /// Short, for tests that wait for them.
    static var short: LinkBounds {
        var bounds = LinkBounds()
        bounds.requestTimeout = .milliseconds(300)
        bounds.silence = .milliseconds(900)
        bounds.idle = .milliseconds(400)
        bounds.connectTimeout = .milliseconds(800)
        bounds.lastBackoff = .milliseconds(200)
        return bounds
    }
}
#endif
