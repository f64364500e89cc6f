#if Etcd
import Holdfast
import NIOCore
import ServerKit
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

/// What a real server says too seldom for a test.
extension OneAtATime {
    struct ScriptedServerTests {
        private static let empty = MessageFrames.framed([])

        private func link(_ server: ScriptedServer, _ body: @Sendable (EtcdLink) async throws -> Void) async throws {
            var bounds = EtcdBounds.short
            bounds.retryPause = .milliseconds(20)
            bounds.firstBackoff = .milliseconds(5)
            try await EtcdLink(configuration: server.configuration, bounds: bounds).running(body)
        }

        @Test(arguments: [
            "etcdserver: too many requests", "etcdserver: no leader", "raft proposal dropped",
        ])
        func `what the server says it has not done is done again`(text: String) async throws {
            let server = try await ScriptedServer { _, _, number in
                number < 3 ? .fault(8, text) : .reply(Self.empty)
            }
            try await link(server) { link in
                _ = try await link.put("a", "1")
                #expect(link.requestsSent.unary == [.put: 3])
            }
        }

        @Test func `too many requests for too long is unavailable`() async throws {
            let server = try await ScriptedServer { _, _, _ in .fault(8, "etcdserver: too many requests") }
            try await link(server) { link in
                let start = ContinuousClock.now
                let error = await failure { () throws(LockError) in try await link.put("a", "1") }
                #expect(error?.code == .unavailable && error?.message.contains("more requests than") == true)
                #expect(ContinuousClock.now - start < .seconds(1))
                // At most one each 10 ms.
                #expect((2...41).contains(link.requestsSent.unary[.put] ?? 0))
            }
        }

        @Test(arguments: [
            "etcdserver: mvcc: database space exceeded", "etcdserver: request timed out", "etcdserver: leader changed",
            "something new",
        ])
        func `what may have been done is not done again`(text: String) async throws {
            let server = try await ScriptedServer { _, _, _ in .fault(14, text) }
            try await link(server) { link in
                let error = await failure { () throws(LockError) in try await link.put("a", "1") }
                #expect(error?.code == .unavailable && error?.isOutcomeUnknown == true)
                #expect(link.requestsSent.unary == [.put: 1])
            }
        }

        @Test func `a refused stream is done again`() async throws {
            let server = try await ScriptedServer { _, _, number in number < 3 ? .refuse : .reply(Self.empty) }
            try await link(server) { link in
                _ = try await link.put("a", "1")
                #expect(link.requestsSent.unary == [.put: 3])
            }
        }

        @Test func `what a server that goes away did not look at is done again elsewhere`() async throws {
            let server = try await ScriptedServer { _, _, number in number == 2 ? .goAway : .reply(Self.empty) }
            try await link(server) { link in
                _ = try await link.put("a", "1")
                _ = try await link.put("a", "2")
                #expect(link.sessionNumber == 2 && link.requestsSent.unary == [.put: 3])
            }
        }

        @Test func `a proxy's page and half an answer are no success`() async throws {
            let server = try await ScriptedServer { _, _, number in number == 1 ? .page : .truncate }
            try await link(server) { link in
                let page = await failure { () throws(LockError) in try await link.put("a", "1") }
                #expect(page?.code == .unavailable && page?.message.contains("502") == true)
                let half = await failure { () throws(LockError) in try await link.put("a", "1") }
                #expect(half?.code == .unavailable && half?.isOutcomeUnknown == true)
            }
        }

        private static func kept(_ lease: Int64, _ timeToLive: Int64) -> ByteBuffer {
            let answer = Etcdserverpb_LeaseKeepAliveResponse.with {
                $0.id = lease
                $0.ttl = timeToLive
            }
            return (try? MessageCodec.framed(answer)) ?? ByteBuffer()
        }

        @Test func `a renewal's late answer is not the next one's`() async throws {
            // The first is answered together with the second.
            let server = try await ScriptedServer { _, _, number in
                guard number > 1 else { return .silence }
                var both = Self.kept(7, 11)
                both.writeImmutableBuffer(Self.kept(7, 22))
                return .reply(both)
            }
            try await link(server) { link in
                let error = await failure { () throws(LockError) in try await link.keepAlive(7) }
                #expect(error?.code == .unavailable)
                let start = ContinuousClock.now
                let kept = try await link.keepAlive(7)
                #expect(kept.timeToLive == 22 && kept.sentAt >= start)
                #expect(link.requestsSent.streamsOpened == 1)
            }
        }

        @Test func `an answer for another lease ends the stream, and the next renewal has a new one`() async throws {
            let server = try await ScriptedServer { _, _, number in .reply(Self.kept(number == 1 ? 8 : 7, 11)) }
            try await link(server) { link in
                let error = await failure { () throws(LockError) in try await link.keepAlive(7) }
                #expect(error?.code == .unavailable)
                let kept = try await link.keepAlive(7)
                #expect(kept.timeToLive == 11)
                #expect(link.requestsSent.streamsOpened == 2)
            }
        }

        @Test func `renewals that are never answered give the stream up`() async throws {
            let server = try await ScriptedServer { _, _, _ in .silence }
            try await link(server) { link in
                try await eventually("another stream is opened", within: .seconds(6)) {
                    _ = await failure { () throws(LockError) in try await link.keepAlive(7) }
                    return link.requestsSent.streamsOpened > 1
                }
                #expect(link.sessionNumber == 1)
            }
        }
    }
}
#endif
