#if Redis
import Holdfast
import ServerKit
import Synchronization
import Testing

@testable import HoldfastRedis

extension OneAtATime {
    @Suite(.timeLimit(.minutes(3))) struct PoorNetworkTests {
        private func client<R: Sendable>(
            on network: PoorNetwork, timeToLive: Duration, _ body: @escaping @Sendable (LockClient) async throws -> R
        ) async throws -> R {
            try await network.server.client(timeToLive: timeToLive) {
                $0 = network.configuration
            } _: {
                try await body($0)
            }
        }

        /// Who is inside, and what was seen there.
        private final class Room: Sendable {
            let state = Mutex((inside: 0, turns: 0, last: FencingToken?.none, isBroken: false))

            func visit(_ token: FencingToken) async {
                state.withLock {
                    $0.isBroken = $0.isBroken || $0.inside > 0 || $0.last.map { $0 >= token } ?? false
                    ($0.inside, $0.last) = ($0.inside + 1, token)
                }
                await Task.yield()
                state.withLock { ($0.inside, $0.turns) = ($0.inside - 1, $0.turns + 1) }
            }
        }

        @Test func `one packet in ten is lost: work goes on slower, and no lease is lost`() async throws {
            let network = try await PoorNetwork()
            let room = Room()
            try await client(on: network, timeToLive: .seconds(10)) { first in
                try await client(on: network, timeToLive: .seconds(10)) { second in
                    let held = try await first.acquire("held")
                    let lease = held.lease
                    try await network.lose(percent: 10)
                    let end = ContinuousClock.now + .seconds(6)
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for task in 0..<8 {
                            group.addTask {
                                let client = task % 2 == 0 ? first : second
                                while ContinuousClock.now < end {
                                    try await client.withLock("k", wait: .upTo(.seconds(30))) { lease in
                                        await room.visit(lease.token)
                                    }
                                }
                            }
                        }
                        try await group.waitForAll()
                    }
                    #expect(lease.isHeld)
                    try await held.release()
                }
            }
            let (seen, lost) = (room.state.withLock { $0 }, try await network.lost())
            #expect(!seen.isBroken && seen.turns >= 16 && lost >= 10, "\(seen), \(lost) packets lost")
            #expect(try network.server.keysLeft() == [])
        }

        @Test func `a thousand wait behind 64 kbit a second: all hear why, and nothing is left`() async throws {
            let network = try await PoorNetwork()
            let patience: Duration = .seconds(3)
            let back = Count()
            try await client(on: network, timeToLive: .seconds(30)) { client in
                let held = try await client.acquire("k")
                let lease = held.lease
                try await network.narrow(kilobits: 64)
                let codes = try await withThrowingTaskGroup(of: LockError.Code?.self) { group in
                    for _ in 0..<1000 {
                        group.addTask {
                            defer { back.number.add(1, ordering: .relaxed) }
                            return try await lockError {
                                try await client.acquire("k", wait: .upTo(patience)).release()
                            }?.code
                        }
                    }
                    // The span that is measured: who is not back by then is late.
                    try await Task.sleep(for: patience * 2)
                    let inTime = back.number.load(ordering: .relaxed)
                    // Who gives up waits for the removal of its claim, but for no longer than a second, though a client
                    // removes 64 claims at a time.
                    #expect(inTime == 1000)
                    try await network.widen()
                    return try await group.reduce(into: [:]) { $0[$1?.description ?? "held", default: 0] += 1 }
                }
                #expect(Set(codes.keys).isSubset(of: ["timedOut", "unavailable"]), "\(codes)")
                #expect(lease.isHeld)
                // What was placed in the dark is removed behind those who gave up.
                try await eventually("only the holder is left", within: .seconds(20)) {
                    try network.server.keysLeft() == ["lock:k"]
                }
                try await held.release()
                try await client.acquire("k", wait: .upTo(.seconds(5))).release()
            }
            #expect(try network.server.keysLeft() == [])
        }

        private final class Count: Sendable { let number = Atomic(0) }
    }
}
#endif
