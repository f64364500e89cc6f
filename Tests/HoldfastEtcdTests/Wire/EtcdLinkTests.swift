#if Etcd
import Holdfast
import ServerKit
import SwiftProtobuf
import Testing

@testable import HoldfastEtcd

extension OneAtATime {
    struct EtcdLinkTests {
        @Test func `a thousand tasks get their own answers`() async throws {
            let server = try await EtcdServer()
            var bounds = EtcdBounds()
            bounds.requestTimeout = .seconds(60)
            try await server.linked(bounds: bounds) { link in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for task in 0..<1_000 {
                        group.addTask {
                            for round in 0..<2 {
                                try await link.put("key-\(task)", "\(round)")
                                let value = try await link.get("key-\(task)")
                                try #require(value == "\(round)")
                            }
                        }
                    }
                    try await group.waitForAll()
                }
                #expect(link.requestsSent.unary == [.put: 2_000, .range: 2_000])
                #expect(link.sessionNumber == 1)
            }
        }

        @Test func `the server's PINGs do not end a busy connection`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                // It sends about one per round trip; other clients of HTTP/2 here take 200 in 30 s.
                for _ in 0..<3_000 { _ = try await link.get("a") }
                #expect(link.sessionNumber == 1)
            }
        }

        @Test func `a transaction, a lease and what is attached to it`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                let lease = try await link.leaseGrant(timeToLive: 60)
                #expect(lease.ttl == 60)
                let key = Array("claim".utf8).data
                let place = Etcdserverpb_TxnRequest.with {
                    $0.compare = [
                        .with {
                            $0.key = key
                            $0.target = .create
                            $0.createRevision = 0
                        }
                    ]
                    $0.success = [
                        .with {
                            $0.requestPut = .with {
                                $0.key = key
                                $0.lease = lease.id
                            }
                        }
                    ]
                    $0.failure = [.with { $0.requestRange = .with { $0.key = key } }]
                }
                let first = try await link.txn(place)
                let second = try await link.txn(place)
                #expect(first.succeeded && !second.succeeded)
                #expect(second.responses.first?.responseRange.kvs.first?.createRevision == first.header.revision)
                let left = try await link.leaseTimeToLive(lease.id, withKeys: true)
                #expect(left.grantedTtl == 60 && left.keys == [key])
                #expect(try await link.leaseRevoke(lease.id))
                #expect(try await link.get("claim") == nil)
                #expect(try await !link.leaseRevoke(lease.id))
                let gone = try await link.leaseTimeToLive(lease.id)
                #expect(gone.ttl == -1)
            }
        }

        @Test func `a member tells its version, its alarms and its cluster`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                let status = try await link.status()
                #expect(status.version.hasPrefix("3.") && status.leader != 0)
                #expect(try await link.alarms().isEmpty)
                let members = try await link.memberList()
                #expect(members.count == 1 && members.first?.clientUrls == ["http://127.0.0.1:\(server.port)"])
            }
        }

        @Test func `what the server refuses is told as it says it`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                let empty = await failure { () throws(LockError) in try await link.put("", "x") }
                #expect(empty?.code == .invalidArgument && empty?.message.contains("key is not provided") == true)
                let operations = Etcdserverpb_TxnRequest.with {
                    $0.success = (0..<200).map { number in
                        .with { $0.requestRange = .with { $0.key = Array("\(number)".utf8).data } }
                    }
                }
                let long = await failure { () throws(LockError) in try await link.txn(operations) }
                #expect(long?.code == .limitExceeded)
                let large = await failure { () throws(LockError) in
                    try await link.put("a", String(repeating: "x", count: 2_000_000))
                }
                #expect(large?.code == .limitExceeded, "\(String(describing: large))")
                let lease = await failure { () throws(LockError) in try await link.put("a", "x", lease: 12_345) }
                #expect(lease.map(EtcdFault.isLeaseNotFound) == true)
                let later = try await link.put("a", "x")
                #expect(later > 0 && link.sessionNumber == 1)
            }
        }

        @Test func `large answers pass the windows of connection and stream`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                let text = String(repeating: "0123456789abcdef", count: 62_500)
                for number in 0..<10 { try await link.put("big/\(number)", text) }
                for _ in 0..<5 {
                    async let all = link.range(
                        .with {
                            $0.key = Array("big/".utf8).data
                            $0.rangeEnd = Array("big0".utf8).data
                        })
                    async let small = link.get("none")
                    let (answer, none) = try await (all, small)
                    #expect(answer.kvs.count == 10 && none == nil)
                    #expect(answer.kvs.allSatisfy { $0.value.count == text.utf8.count })
                }
                #expect(link.sessionNumber == 1)
            }
        }

        @Test func `an answer that is too long fails alone`() async throws {
            let server = try await EtcdServer()
            var bounds = EtcdBounds()
            bounds.messageBytes = 100_000
            try await server.linked(bounds: bounds) { link in
                try await link.put("big", String(repeating: "x", count: 500_000))
                let error = await failure { () throws(LockError) in try await link.get("big") }
                #expect(error?.code == .unavailable && error?.message.contains("takes not") == true)
                #expect(try await link.get("small") == nil)
                #expect(link.sessionNumber == 1)
            }
        }

        @Test func `renewals share a stream, and each is credited to its own request`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                var leases: [Int64: Int64] = [:]
                for number in 0..<100 {
                    let lease = try await link.leaseGrant(timeToLive: Int64(100 + number))
                    leases[lease.id] = lease.ttl
                }
                let before = ContinuousClock.now
                for _ in 0..<3 {
                    try await withThrowingTaskGroup(of: Void.self) { group in
                        for (id, timeToLive) in leases {
                            group.addTask {
                                let kept = try await link.keepAlive(id)
                                try #require(kept.timeToLive == timeToLive && kept.sentAt >= before)
                            }
                        }
                        try await group.waitForAll()
                    }
                }
                let gone = try await link.keepAlive(4_711)
                #expect(gone.timeToLive <= 0)
                #expect(link.requestsSent.keepAlives == 301 && link.requestsSent.streamsOpened == 1)
            }
        }

        @Test func `a lone small time to live is raised`() async throws {
            let server = try await EtcdServer()
            try await server.linked { link in
                let lease = try await link.leaseGrant(timeToLive: 1)
                #expect(lease.ttl == 2)
                let long = await failure { () throws(LockError) in try await link.leaseGrant(timeToLive: 9_000_000_001)
                }
                #expect(long?.code == .invalidArgument)
            }
        }

        @Test func `user and password`() async throws {
            let server = try await EtcdServer()
            try await server.enableUsers()
            var configuration = server.configuration
            configuration.credentials = .init(user: "locks", password: "SeCrEt")
            try await server.linked(configuration) { link in
                try await link.put("lock/a", "1")
                let denied = await failure { () throws(LockError) in try await link.put("other", "1") }
                #expect(denied?.code == .denied)
                let watch = await failure { () throws(LockError) in try await link.watch("other") }
                #expect(watch?.code == .denied, "\(String(describing: watch))")
                _ = try await link.watch("lock/a")
            }
            try await server.linked { link in
                let error = await failure { () throws(LockError) in try await link.get("lock/a") }
                #expect(error?.code == .denied, "\(String(describing: error))")
            }
            configuration.credentials?.password = "wRoNg"
            try await server.linked(configuration) { link in
                let start = ContinuousClock.now
                let error = await failure { () throws(LockError) in try await link.get("lock/a") }
                #expect(error?.code == .denied && ContinuousClock.now - start < .seconds(1.5))
                #expect(!"\(String(describing: error)) \(String(reflecting: error))".contains("wRoNg"))
            }
        }

        @Test func `credentials where the server has no users are not needed`() async throws {
            let server = try await EtcdServer()
            var configuration = server.configuration
            configuration.credentials = .init(user: "locks", password: "SeCrEt")
            try await server.linked(configuration) { link in
                let value = try await link.get("a")
                #expect(value == nil)
            }
        }

        @Test func `a token that is over is fetched anew, once for all`() async throws {
            let server = try await EtcdServer("--auth-token-ttl", "1")
            try await server.enableUsers()
            var configuration = server.configuration
            configuration.credentials = .init(user: "locks", password: "SeCrEt")
            try await server.linked(configuration) { link in
                try await link.put("lock/a", "1")
                // Simple tokens end when they were not used for so long; the server looks every second.
                try await eventually("the token is over", within: .seconds(20)) {
                    // Time itself is under test: each use would give the token another second.
                    try await Task.sleep(for: .seconds(3))
                    return try await withThrowingTaskGroup(of: Void.self) { group in
                        for _ in 0..<32 { group.addTask { try await link.put("lock/a", "2") } }
                        try await group.waitForAll()
                        return link.requestsSent.unary[.authenticate, default: 0] > 1
                    }
                }
                #expect(link.requestsSent.unary[.authenticate] == 2)
                #expect(link.sessionNumber == 1)
            }
        }
    }
}

extension EtcdServer {
    /// A user `locks` with the password `SeCrEt`, who may read and write what begins with `lock/`.
    func enableUsers() async throws {
        try await control("user", "add", "root:root")
        try await control("role", "add", "locks")
        try await control("role", "grant-permission", "locks", "--prefix=true", "readwrite", "lock/")
        try await control("user", "add", "locks:SeCrEt")
        try await control("user", "grant-role", "locks", "locks")
        try await control("user", "grant-role", "root", "root")
        try await control("auth", "enable")
    }
}
#endif
