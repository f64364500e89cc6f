#if Redis
import Foundation
import Holdfast
import ServerKit
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    @Suite(.timeLimit(.minutes(3))) struct RefusalTests {
        /// How long a caller goes on trying while the server refuses.
        private static let patience: Duration = .milliseconds(800)

        @Test(arguments: Refusal.all)
        func `a server that refuses is never busy, is not stormed, and is used again`(_ refusal: Refusal) async throws {
            let server = try await RedisServer(
                lines: refusal.config + ["user locks on >secret ~* &* +@all", "user default on nopass ~* &* +@all"])
            let patient = Refusal.Patient(server: server, wire: try RawConnection(unix: server.socket))
            try await server.client(timeToLive: .seconds(6)) {
                $0.credentials = .init(user: "locks", password: "secret")
            } _: { client in
                let held = try await client.acquire("held")
                let lease = held.lease
                let before = try Load(of: server)
                try await refusal.begin(patient)
                try await check(refusal, client)
                try await refusal.end(patient)
                try await eventually("it is used again", within: .seconds(8)) {
                    guard let next = try? await client.tryAcquire("again") else { return false }
                    #expect(next.lease.token > lease.token)
                    try await next.release()
                    return true
                }
                let load = try Load(of: server).since(before)
                #expect(load.calls < 60 && load.connections < 16, "\(load)")
                #expect(lease.isHeld)
                try await held.release()
            }
            let left = try server.keysLeft().filter { $0.hasPrefix("lock:") || $0.hasPrefix("{lock:") }
            #expect(left == [])
        }

        /// On a free key, with and without waiting.
        private func check(_ refusal: Refusal, _ client: LockClient) async throws {
            // The end of a connection is news to the client a moment later.
            try await eventually("the refusal is what the client says", within: .seconds(3)) {
                let error = try await lockError {
                    guard let owned = try await client.tryAcquire("free") else { throw TestFailure("it is not busy") }
                    try await owned.release()
                    throw TestFailure("it was granted")
                }
                return error?.code == refusal.code && "\(String(describing: error))".contains(refusal.says)
            }
            let began = ContinuousClock.now
            let waited = try await lockError {
                try await client.acquire("free", wait: .upTo(Self.patience)).release()
                Issue.record("it was granted")
            }
            let took = ContinuousClock.now - began
            #expect(waited?.code == refusal.code, "\(waited as Any)")
            #expect(took < Self.patience + .seconds(2), "took \(took)")
            if refusal.code == .denied { #expect(took < .seconds(1), "took \(took)") }
        }

        /// What a server was asked to do.
        private struct Load: CustomStringConvertible {
            var calls = 0
            var connections = 0
            var description: String { "\(calls) scripts, \(connections) connections" }

            init(of server: RedisServer) throws {
                let text = try server.command("INFO", "all").text ?? ""
                for line in text.split(whereSeparator: \.isNewline) {
                    func number(after name: String) -> Int? {
                        line.range(of: name).flatMap { Int(line[$0.upperBound...].prefix(while: \.isNumber)) }
                    }
                    if line.hasPrefix("cmdstat_eval") {
                        calls += (number(after: ":calls=") ?? 0) + (number(after: "rejected_calls=") ?? 0)
                    }
                    connections += number(after: "total_connections_received:") ?? 0
                    connections += number(after: "rejected_connections:") ?? 0
                }
            }

            /// Of a server that may have begun anew meanwhile.
            func since(_ before: Load) -> Load {
                var load = self
                load.calls -= min(calls, before.calls)
                load.connections -= min(connections, before.connections)
                return load
            }
        }
    }
}
#endif
