#if Etcd
import Holdfast
import NIOCore
import NIOHPACK
import Testing

@testable import HoldfastEtcd

struct EtcdWireUnitTests {
    @Test(arguments: [
        ("plain", "plain"), ("a%20b", "a b"), ("%E2%82%AC", "€"), ("100%", "100%"), ("%zz", "%zz"), ("%4", "%4"),
        ("", ""), ("%25", "%"),
    ])
    func `a status message is decoded`(text: String, decoded: String) {
        #expect(CallStatus.decoded(text) == decoded)
    }

    @Test func `a status is found in trailers, and its absence is no success`() {
        #expect(CallStatus.fault(in: ["grpc-status": "0"]) == nil)
        let fault = CallStatus.fault(in: ["grpc-status": "14", "grpc-message": "etcdserver: no%20leader"])
        #expect(fault == .init(status: 14, text: "etcdserver: no leader"))
        #expect(CallStatus.fault(in: [":status": "502"])?.text.contains("502") == true)
        #expect(CallStatus.fault(in: [:]) != nil)
        #expect(CallStatus.fault(in: ["grpc-status": "x"]) != nil)
    }

    @Test(arguments: 1...7)
    func `messages are found however they come`(size: Int) throws {
        var wire = MessageFrames.framed([1, 2, 3])
        wire.writeImmutableBuffer(MessageFrames.framed([]))
        wire.writeImmutableBuffer(MessageFrames.framed([UInt8](repeating: 7, count: 100)))
        var frames = MessageFrames(limit: 100)
        var found: [[UInt8]] = []
        while let piece = wire.readSlice(length: min(size, wire.readableBytes)), piece.readableBytes > 0 {
            frames.append(piece)
            while let message = try frames.next() { found.append(Array(message.readableBytesView)) }
        }
        #expect(found == [[1, 2, 3], [], [UInt8](repeating: 7, count: 100)])
        #expect(frames.isEmpty)
    }

    @Test func `a message that is compressed or too long is refused by its head`() {
        var frames = MessageFrames(limit: 10)
        frames.append(ByteBuffer(bytes: [0, 0, 0, 0, 11]))
        #expect(throws: MessageFrames.Violation.tooLong(11)) { try frames.next() }
        frames = MessageFrames(limit: 10)
        frames.append(ByteBuffer(bytes: [1, 0, 0, 0, 1]))
        #expect(throws: MessageFrames.Violation.compressed) { try frames.next() }
    }

    static let faults: [(Int, String, LockError.Code, EtcdFault.Remedy)] = [
        (14, "etcdserver: no leader", .unavailable, .move), (8, "etcdserver: too many requests", .unavailable, .wait),
        (14, "etcdserver: request timed out", .unavailable, .none),
        (14, "etcdserver: request timed out, possibly due to previous leader failure", .unavailable, .none),
        (14, "etcdserver: leader changed", .unavailable, .none),
        (8, "etcdserver: mvcc: database space exceeded", .unavailable, .none),
        (14, "etcdserver: server stopped", .unavailable, .none),
        (2, "raft proposal dropped", .unavailable, .wait), (14, "transport is closing", .unavailable, .none),
        (16, "etcdserver: invalid auth token", .denied, .authenticate),
        (3, "etcdserver: revision of auth store is old", .denied, .authenticate),
        (7, "etcdserver: permission denied", .denied, .none),
        (3, "etcdserver: authentication failed, invalid user ID or password", .denied, .none),
        (3, "etcdserver: user name is empty", .denied, .none), (16, "something new", .denied, .none),
        (5, "etcdserver: requested lease not found", .unavailable, .none),
        (3, "etcdserver: too many operations in txn request", .limitExceeded, .none),
        (12, "unknown method", .unsupported, .none), (99, "", .unavailable, .none),
    ]

    @Test(arguments: faults)
    func `an error of the server is what it is, and never busy`(
        status: Int, text: String, code: LockError.Code, remedy: EtcdFault.Remedy
    ) {
        let fault = EtcdFault.Stated(status: status, text: text)
        let error = EtcdFault.error(for: fault)
        #expect(error.code == code && error.code != .busy && !error.message.isEmpty)
        #expect(EtcdFault.remedy(for: fault) == remedy)
    }

    @Test func `a long error is shortened`() {
        let error = EtcdFault.error(for: .init(status: 2, text: String(repeating: "x", count: 100_000)))
        #expect("\(error)".utf8.count < 1_000)
    }

    @Test func `headers carry the token, but not where it is asked for`() {
        let headers = CallHeaders(authority: "h:1", isSecure: true, token: "secret", timeout: .seconds(2))
        #expect(headers[.txn].first(name: "token") == "secret")
        #expect(headers[.txn].first(name: "grpc-timeout") == "2000m")
        #expect(headers[.watch].first(name: "grpc-timeout") == nil)
        #expect(headers[.authenticate].first(name: "token") == nil)
        #expect(headers[.status].first(name: "hasleader") == nil && headers[.txn].first(name: "hasleader") == "true")
    }

    @Test func `backoff doubles, with jitter, within its bounds`() {
        var bounds = EtcdBounds()
        bounds.firstBackoff = .milliseconds(100)
        bounds.lastBackoff = .seconds(1)
        var backoff = LinkBackoff(bounds)
        for whole in [100, 200, 400, 800, 1_000, 1_000] {
            let wait = backoff.next()
            #expect(wait >= .milliseconds(whole) / 2 && wait <= .milliseconds(whole))
        }
        backoff.reset()
        #expect(backoff.next() <= .milliseconds(100))
    }
}
#endif
