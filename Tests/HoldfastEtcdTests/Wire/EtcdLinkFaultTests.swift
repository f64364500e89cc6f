#if Etcd
import Holdfast
import NIOCore
import ServerKit
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

extension OneAtATime {
    struct EtcdLinkFaultTests {
        @Test func `a call that times out is broken off alone`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            var bounds = EtcdBounds.short
            bounds.pingTimeout = .seconds(60)
            try await server.linked(proxy.configuration, bounds: bounds) { link in
                let watch = try await link.watch("a")
                proxy.replies = .hold
                let start = ContinuousClock.now
                let error = await failure { () throws(LockError) in try await link.put("a", "late") }
                #expect(error?.code == .unavailable && error?.isOutcomeUnknown == true)
                #expect(ContinuousClock.now - start < .seconds(2))
                proxy.replies = .pass
                for number in 0..<50 {
                    try await link.put("b", "\(number)")
                    let value = try await link.get("b")
                    try #require(value == "\(number)")
                }
                // It was done all the same, once; and the watch on the same connection has heard of it.
                #expect(try await link.range(.with { $0.key = Array("a".utf8).data }).kvs.first?.version == 1)
                var iterator = watch.makeAsyncIterator()
                let batch = await iterator.next()
                #expect(batch?.map(\.text) == ["put a late"])
                #expect(link.sessionNumber == 1)
            }
        }

        @Test func `a reset connection fails what was under way, and the next call works`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            try await server.linked(proxy.configuration) { link in
                try await link.put("a", "1")
                proxy.replies = .hold
                async let lost = failure { () throws(LockError) in try await link.put("a", "2") }
                try await eventually("it is done") { try await server.control("get", "a").contains("2") }
                proxy.cut()
                let error = await lost
                #expect(error?.code == .unavailable && error?.isOutcomeUnknown == true)
                proxy.replies = .pass
                #expect(try await link.get("a") == "2")
            }
        }

        @Test(arguments: ["requests", "replies"])
        func `a half-open connection is given up, with all that waits on it`(direction: String) async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            try await server.linked(proxy.configuration, bounds: .short) { link in
                try await link.put("a", "1")
                let watch = try await link.watch("a")
                if direction == "requests" { proxy.requests = .drop } else { proxy.replies = .drop }
                let error = await failure { () throws(LockError) in try await link.put("a", "2") }
                #expect(error?.code == .unavailable)
                for await _ in watch {}
                try await eventually("it is given up", within: .seconds(4)) { link.sessionNumber != 1 }
                proxy.requests = .pass
                proxy.replies = .pass
                try await eventually("it is back", within: .seconds(4)) { (link.sessionNumber ?? 0) > 1 }
                try await link.put("a", "3")
            }
        }

        @Test func `a quiet connection with a watch that is cut without a word is noticed`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            var bounds = EtcdBounds.short
            bounds.idle = .milliseconds(500)
            try await server.linked(proxy.configuration, bounds: bounds) { link in
                let watch = try await link.watch("a")
                proxy.requests = .drop
                for await _ in watch {}
                guard case .lost? = watch.end else { throw TestFailure("\(String(describing: watch.end))") }
            }
        }

        @Test func `our own questions do not make the server close a quiet connection`() async throws {
            let server = try await EtcdServer("--grpc-keepalive-min-time", "1s")
            var bounds = EtcdBounds()
            bounds.idle = .milliseconds(1_200)
            try await server.linked(bounds: bounds) { link in
                let watch = try await link.watch("a")
                // Time for four of them; the server ends a connection after the third that comes too early.
                try await Task.sleep(for: .seconds(6))
                #expect(watch.end == nil && link.sessionNumber == 1)
            }
        }

        @Test func `a server that is killed and comes back is found again`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                try await link.put("a", "1")
                server.kill()
                try await eventually("the loss is known") { link.sessionNumber == nil }
                let refused = await failure { () throws(LockError) in try await link.get("a") }
                #expect(refused?.code == .unavailable && "\(String(describing: refused))".contains("refuses"))
                try server.start()
                try await server.ready()
                let start = ContinuousClock.now
                try await eventually("connected", within: .seconds(5)) { link.sessionNumber != nil }
                #expect(ContinuousClock.now - start < .seconds(4))
                #expect(try await link.get("a") == "1")
            }
        }

        @Test func `a server that says goodbye loses no request that it did not take`() async throws {
            let cluster = try await EtcdCluster()
            let leader = try await cluster.leader()
            var configuration = cluster.configuration
            let first = cluster.others(than: leader)[0]
            configuration.endpoints.sort { one, _ in one.port == first.port }
            try await EtcdLink(configuration: configuration).running { link in
                try await link.put("a", "1")
                #expect(link.endpoint?.port == first.port)
                let failures = try await withThrowingTaskGroup(of: Int.self) { group in
                    for task in 0..<16 {
                        group.addTask {
                            var failures = 0
                            for round in 0..<200 {
                                if round == 50, task == 0 { first.terminate() }
                                let error = await failure { () throws(LockError) in
                                    try await link.put("key-\(task)", "\(round)")
                                }
                                if let error {
                                    try #require(error.code == .unavailable)
                                    failures += 1
                                }
                            }
                            return failures
                        }
                    }
                    return try await group.reduce(0, +)
                }
                // Those that the member had taken and not answered when it left.
                #expect(failures <= 32)
                #expect(link.endpoint?.port != first.port)
            }
        }

        @Test func `a host that there is not`() async throws {
            let link = EtcdLink(configuration: EtcdConfiguration(host: "no-such-host.invalid"), bounds: .short)
            try await link.running { link in
                let error = await failure { () throws(LockError) in try await link.get("a") }
                #expect(error?.code == .unavailable)
            }
        }

        @Test func `a cancelled caller returns at once, and the deaf one gets its answer`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            var bounds = EtcdBounds()
            bounds.requestTimeout = .seconds(30)
            bounds.pingTimeout = .seconds(60)
            try await server.linked(proxy.configuration, bounds: bounds) { link in
                _ = try await link.get("a")
                proxy.replies = .hold
                let deaf = Found<Bool>()
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<50 {
                        group.addTask {
                            let error = await failure { () throws(LockError) in try await link.get("\(number)") }
                            try #require(error?.code == .cancelled)
                        }
                    }
                    group.addTask {
                        _ = try await link.range(.with { $0.key = Array("deaf".utf8).data }, isCancellable: false)
                        deaf.value = true
                    }
                    try await eventually("all are sent") { link.requestsSent.unary[.range] == 52 }
                    group.cancelAll()
                    for _ in 0..<50 { try await group.next() }
                    #expect(deaf.value == nil)
                    proxy.replies = .pass
                    try await group.waitForAll()
                }
                #expect(deaf.value == true && link.sessionNumber == 1)
                _ = try await link.get("after")
            }
        }

        @Test func `a server that hangs is unavailable, and is found again`() async throws {
            let server = try await EtcdServer()
            try await server.linked(bounds: .short) { link in
                try await link.put("a", "1")
                server.pause()
                let error = await failure { () throws(LockError) in try await link.put("a", "2") }
                #expect(error?.code == .unavailable)
                try await eventually("it is given up", within: .seconds(5)) { link.sessionNumber != 1 }
                server.resume()
                try await eventually("it is back", within: .seconds(5)) {
                    await failure { () throws(LockError) in try await link.get("a") } == nil
                }
            }
        }

        @Test func `replies byte by byte`() async throws {
            let server = try await EtcdServer()
            let proxy = try await FaultProxy(to: server.port)
            proxy.replies = .split(1)
            try await server.linked(proxy.configuration) { link in
                let watch = try await link.watch("a")
                for number in 0..<20 {
                    try await link.put("a", "\(number)")
                    #expect(try await link.get("a") == "\(number)")
                }
                var events: [String] = []
                for await batch in watch {
                    events += batch.map(\.text)
                    if events.count == 20 { break }
                }
                #expect(events == (0..<20).map { "put a \($0)" })
            }
        }

        @Test func `more requests than the bounds wait, and then are refused`() async throws {
            let server = try await EtcdServer()
            var bounds = EtcdBounds()
            bounds.streams = 4
            bounds.pendingRequests = 10
            bounds.pingTimeout = .seconds(60)
            try await server.linked(bounds: bounds) { link in
                _ = try await link.get("a")
                server.pause()
                let refused = await withTaskGroup(of: LockError?.self) { group in
                    for _ in 0..<20 {
                        group.addTask { await failure { () throws(LockError) in try await link.get("a") } }
                    }
                    var codes: [LockError.Code] = []
                    for _ in 0..<10 { if let error = await group.next() ?? nil { codes.append(error.code) } }
                    server.resume()
                    var late = 0
                    for await error in group where error != nil { late += 1 }
                    // The answer of the first may not have been counted yet.
                    #expect(late <= 1)
                    return codes
                }
                #expect(refused == Array(repeating: .limitExceeded, count: 10))
                _ = try await link.get("a")
            }
        }

        @Test func `stream numbers that come to an end begin anew on another connection`() async throws {
            let server = try await EtcdServer()
            var bounds = EtcdBounds()
            bounds.streamNumbers = 41
            bounds.firstBackoff = .milliseconds(1)
            bounds.settled = .zero
            try await server.linked(bounds: bounds) { link in
                for number in 0..<100 { try await link.put("a", "\(number)") }
                #expect((link.sessionNumber ?? 0) >= 5)
                #expect(try await link.range(.with { $0.key = Array("a".utf8).data }).kvs.first?.version == 100)
            }
        }

        @Test func `the end of run closes the socket and tells all that wait`() async throws {
            let server = try await EtcdServer()
            let link = EtcdLink(configuration: server.configuration)
            let begun = Waiter<Void>()
            async let lost = failure { () throws(LockError) in
                _ = try await begun.outcome {}.get()
                _ = try await link.get("a")
            }
            try await link.running { link in
                _ = try await link.get("a")
                server.pause()
                begun.settle(.success(()))
                try await eventually("it is sent") { link.requestsSent.unary[.range] == 2 }
            }
            server.resume()
            let error = await lost
            #expect(error?.code == .unavailable)
            let late = await failure { () throws(LockError) in try await link.get("a") }
            #expect(late?.code == .notRunning)
        }

        @Test func `a link that is not run says so`() async throws {
            let link = EtcdLink(configuration: EtcdConfiguration(host: "127.0.0.1", port: 1), bounds: .short)
            let error = await failure { () throws(LockError) in try await link.get("a") }
            #expect(error?.code == .unavailable && error?.message.contains("run()") == true)
        }

        @Test func `run returns at once when cancelled, also while it connects`() async throws {
            let liar = try await Liar(says: "")
            var bounds = EtcdBounds()
            bounds.connectTimeout = .seconds(60)
            let silent = EtcdLink(
                configuration: EtcdConfiguration(host: "127.0.0.1", port: liar.port), bounds: bounds)
            let start = ContinuousClock.now
            try await silent.running { link in
                try await eventually("it is greeted") { liar.accepted > 0 }
                #expect(link.sessionNumber == nil)
            }
            #expect(ContinuousClock.now - start < .seconds(5))
        }

        @Test(arguments: ["", "HTTP/1.1 400 Bad Request\r\n\r\n", "-ERR unknown command\r\n"])
        func `what is no etcd is left`(text: String) async throws {
            let liar = try await Liar(says: text)
            let link = EtcdLink(configuration: EtcdConfiguration(host: "127.0.0.1", port: liar.port), bounds: .short)
            try await link.running { link in
                let error = await failure { () throws(LockError) in try await link.get("a") }
                #expect(error?.code == .unavailable)
                try await eventually("it is tried again", within: .seconds(6)) { liar.accepted > 1 }
            }
        }
    }
}
#endif
