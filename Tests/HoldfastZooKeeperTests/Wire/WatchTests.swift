#if ZooKeeper
import ServerKit
import Synchronization
import Testing

@testable import HoldfastZooKeeper

struct WatchTests {
    @Test func `each kind of watch sees what it is for`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { session in
            let (absent, birth) = try await session.watchExists("/w")
            #expect(absent == nil)
            _ = try await session.create("/w", .persistent)
            #expect(await birth.event() == .created)

            let (_, _, change) = try await session.watchData("/w")
            _ = try await session.setData("/w", [1])
            #expect(await change.event() == .changed)

            let (_, _, growth) = try await session.watchChildren("/w")
            _ = try await session.create("/w/c", .ephemeral)
            #expect(await growth.event() == .childrenChanged)

            let (_, _, ends) = try await session.watchChildren("/w/c")
            let (_, goes) = try await session.watchExists("/w/c")
            let (_, _, vanishes) = try await session.watchData("/w/c")
            try await session.delete("/w/c")
            #expect(await goes.event() == .deleted)
            #expect(await vanishes.event() == .deleted)
            #expect(await ends.event() == .deleted)

            let refused = await failure { () throws(ZooKeeperError) in try await session.watchData("/w/c") }
            #expect(refused?.fault == .noNode)
        }
    }

    @Test func `another client's change is seen, by all who watch`() async throws {
        let server = try await ZooKeeperServer()
        try await server.configuration.session { owner in
            _ = try await owner.create("/held", .ephemeral)
            try await server.configuration.session { waiter in
                let heard = Mutex(0)
                var watches: [Watch] = []
                for _ in 0..<10 {
                    let (stat, watch) = try await waiter.watchExists("/held")
                    #expect(stat != nil)
                    watch.whenFired { event in if event == .deleted { heard.withLock { $0 += 1 } } }
                    watches.append(watch)
                }
                try await owner.delete("/held")
                try await eventually("all have heard") { heard.withLock { $0 } == 10 }
            }
        }
    }

    @Test func `a watch ends with its waiter's task, with its owner, and with its session`() async throws {
        let server = try await ZooKeeperServer()
        let left = Found<Watch>()
        try await server.configuration.session { session in
            let (_, watch) = try await session.watchExists("/never")
            let waiting = Task { await watch.event() }
            waiting.cancel()
            #expect(await waiting.value == .cancelled)

            let told = Found<WatchEvent>()
            var dropped: Watch? = try await session.watchExists("/never").watch
            dropped?.whenFired { told.value = $0 }
            dropped = nil
            // The event loop may have the request in its hands still.
            try await eventually("it is over") { told.value == .cancelled }

            left.value = try await session.watchExists("/never").watch
        }
        let event = await left.value?.event()
        #expect(event == .lost)
    }
}
#endif
