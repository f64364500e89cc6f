#if Etcd
import Holdfast
import ServerKit
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

extension OneAtATime {
    struct EtcdWatchTests {
        @Test func `a watch tells all that happens from its creation on`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                try await link.put("a", "before")
                let watch = try await link.watch("a")
                let revision = try await link.put("a", "1")
                #expect(watch.revision < revision)
                try await link.delete("a")
                var events: [String] = []
                for await batch in watch {
                    events += batch.map(\.text)
                    if events.count == 2 { break }
                }
                #expect(events == ["put a 1", "delete a "])
            }
        }

        @Test func `a range of keys, deletions alone`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                let watch = try await link.watch(
                    key: Array("a/".utf8), rangeEnd: Array("a0".utf8), ignoresPuts: true)
                for key in ["a/1", "b/1", "a/2"] { try await link.put(key, "x") }
                for key in ["b/1", "a/2", "a/1"] { try await link.delete(key) }
                var events: [String] = []
                for await batch in watch {
                    events += batch.map(\.text)
                    if events.count == 2 { break }
                }
                #expect(events == ["delete a/2 ", "delete a/1 "])
            }
        }

        @Test func `a thousand watches share one stream, and each has its own events`() async throws {
            let server = try await EtcdServer()
            var bounds = EtcdBounds()
            // A thousand at once, whatever the disk: how long one takes is not the question.
            bounds.requestTimeout = .seconds(60)
            try await server.linked(bounds: bounds) { link in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<1_000 {
                        group.addTask {
                            let watch = try await link.watch("key-\(number)")
                            try await link.put("key-\(number)", "\(number)")
                            var iterator = watch.makeAsyncIterator()
                            let batch = await iterator.next()
                            try #require(batch?.map(\.text) == ["put key-\(number) \(number)"])
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(link.requestsSent.streamsOpened == 1 && link.requestsSent.watchesCreated == 1_000)
                try await eventually("all are cancelled, since nobody keeps them") {
                    link.requestsSent.watchesCancelled == 1_000
                }
            }
            // The server's own word.
            try await eventually("the server has no watch") { try await server.metric("watcher_total") == 0 }
        }

        @Test func `a watch that is let go is cancelled on the server`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                do {
                    let watch = try await link.watch("a")
                    #expect(watch.end == nil)
                    try await eventually("there is one") { try await server.metric("watcher_total") == 1 }
                }
                try await eventually("there is none") { try await server.metric("watcher_total") == 0 }
                let other = try await link.watch("b")
                other.cancel()
                var iterator = other.makeAsyncIterator()
                let batch = await iterator.next()
                #expect(batch == nil)
                guard case .cancelled? = other.end else { throw TestFailure("\(String(describing: other.end))") }
                try await eventually("there is none") { try await server.metric("watcher_total") == 0 }
            }
        }

        @Test func `a cancelled reader gets no more, and the watch goes on`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                let watch = try await link.watch("a")
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { for await _ in watch {} }
                    group.cancelAll()
                }
                #expect(watch.end == nil)
            }
        }

        @Test func `compaction ends a watch of what is forgotten, and no other`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                for number in 0..<10 { try await link.put("a", "\(number)") }
                let revision = try await link.put("a", "last")
                let now = try await link.watch("a")
                _ = try await link.compact(.with { $0.revision = revision })
                let past = try await link.watch(key: Array("a".utf8), from: 2)
                var iterator = past.makeAsyncIterator()
                let batch = await iterator.next()
                #expect(batch == nil)
                guard case .compacted(let oldest)? = past.end else {
                    throw TestFailure("\(String(describing: past.end))")
                }
                #expect(oldest == revision)
                try await link.put("a", "later")
                var others = now.makeAsyncIterator()
                let later = await others.next()
                #expect(later?.map(\.text) == ["put a later"])
            }
        }

        @Test func `a lost connection ends watches with a reason, and the next watch is on the next`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            try await server.linked(proxy.configuration) { link in
                let watch = try await link.watch("a")
                proxy.cut()
                var iterator = watch.makeAsyncIterator()
                let batch = await iterator.next()
                #expect(batch == nil)
                guard case .lost(let reason)? = watch.end else { throw TestFailure("\(String(describing: watch.end))") }
                #expect(reason.code == .unavailable)
                let next = try await link.watch("a")
                try await link.put("a", "1")
                var events = next.makeAsyncIterator()
                let first = await events.next()
                #expect(first?.map(\.text) == ["put a 1"])
            }
        }

        @Test func `a reader that is too slow is told so`() async throws {
            let server = try await EtcdServer()
            var bounds = EtcdBounds()
            bounds.watchBacklog = 4
            try await server.linked(bounds: bounds) { link in
                let watch = try await link.watch("a")
                for number in 0..<10 { try await link.put("a", "\(number)") }
                var count = 0
                for await _ in watch { count += 1 }
                guard case .overflowed? = watch.end else { throw TestFailure("\(String(describing: watch.end))") }
                #expect(count == 4)
            }
        }

        @Test func `more watches than the bound are refused`() async throws {
            let server = try await EtcdServer()
            var bounds = EtcdBounds()
            bounds.watches = 2
            try await server.linked(bounds: bounds) { link in
                let kept = (try await link.watch("a"), try await link.watch("b"))
                let error = await failure { () throws(LockError) in try await link.watch("c") }
                #expect(error?.code == .limitExceeded)
                kept.0.cancel()
                _ = try await link.watch("c")
                kept.1.cancel()
            }
        }

        @Test func `the end of run ends watches`() async throws {
            let server = try await EtcdServer()
            let found = Found<EtcdWatch>()
            try await server.linked { link in found.value = try await link.watch("a") }
            let watch = try #require(found.value)
            for await _ in watch {}
            guard case .lost? = watch.end else { throw TestFailure("\(String(describing: watch.end))") }
        }
    }
}
#endif
