#if ZooKeeper
import Holdfast
import NIOCore
import ServerKit
import Synchronization
import Testing

@testable import HoldfastZooKeeper

extension ZooKeeperSession {
    /// Runs this session around `body`, once it is connected; then it is closed.
    func running(connects: Bool = true, _ body: @Sendable (ZooKeeperSession) async throws -> Void) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.run() }
            do {
                if connects { try await eventually("connected", within: .seconds(15)) { self.state.isConnected } }
                try await body(self)
            } catch {
                group.cancelAll()
                throw error
            }
            group.cancelAll()
            try await group.waitForAll()
        }
    }
}

extension ZooKeeperConfiguration {
    /// Runs a session around `body`.
    func session(
        _ timeout: Duration = .seconds(4), bounds: ZooKeeperBounds? = nil,
        _ body: @Sendable (ZooKeeperSession) async throws -> Void
    ) async throws {
        try await ZooKeeperSession(configuration: self, sessionTimeout: timeout, bounds: bounds).running(body)
    }
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
func failure<R>(of body: () async throws(ZooKeeperError) -> R) async -> ZooKeeperError? {
    do throws(ZooKeeperError) {
        _ = try await body()
        return nil
    } catch {
        return error
    }
}

extension ZooKeeperBounds {
    /// Short, for tests that wait for them.
    static var short: ZooKeeperBounds {
        var bounds = ZooKeeperBounds()
        bounds.requestTimeout = .milliseconds(400)
        bounds.silence = .milliseconds(1200)
        bounds.connectTimeout = .milliseconds(800)
        bounds.farewell = .milliseconds(300)
        bounds.lastBackoff = .milliseconds(200)
        return bounds
    }
}

extension FaultProxy {
    var server: ZooKeeperConfiguration.Server { .init(host: "127.0.0.1", port: port) }

    func configuration(tick: Duration = .milliseconds(500)) -> ZooKeeperConfiguration {
        ZooKeeperServer.configuration([server], tick: tick)
    }
}
#endif
