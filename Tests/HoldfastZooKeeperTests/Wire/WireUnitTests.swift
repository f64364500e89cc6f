#if ZooKeeper
import NIOCore
import Testing

@testable import HoldfastZooKeeper

struct WireUnitTests {
    @Test(arguments: 1...9) func `frames are found however they come`(size: Int) throws {
        var wire = ByteBuffer()
        let parts: [[UInt8]] = [[1, 2, 3], [], [UInt8](repeating: 7, count: 100)]
        for part in parts { wire.writeJute(part) }
        var parser = FrameParser(bound: 100)
        var found: [[UInt8]] = []
        while let piece = wire.readSlice(length: min(size, wire.readableBytes)), piece.readableBytes > 0 {
            parser.append(piece)
            while let frame = try parser.next() { found.append(Array(frame.readableBytesView)) }
        }
        #expect(found == parts)
    }

    @Test(arguments: [[0, 0, 0, 101], [0xFF, 0xFF, 0xFF, 0xFF], [0x7F, 0xFF, 0xFF, 0xFF]] as [[UInt8]])
    func `a frame that is too long is refused by its head`(head: [UInt8]) {
        var parser = FrameParser(bound: 100)
        parser.append(ByteBuffer(bytes: head))
        #expect(throws: JuteReader.Malformed.self) { try parser.next() }
    }

    /// Whatever stands there, it is an error and neither a trap nor a lot of memory.
    @Test func `answers that are cut short or invented are malformed`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<20_000 {
            let count = Int.random(in: 0...90, using: &generator)
            let isSmall = Bool.random(using: &generator)
            let bytes = (0..<count).map { _ in UInt8.random(in: isSmall ? 0...2 : 0...255, using: &generator) }
            let reader = JuteReader(ByteBuffer(bytes: bytes))
            var copies = [JuteReader](repeating: reader, count: 5)
            _ = try? copies[0].stat()
            _ = try? copies[1].strings()
            _ = try? ConnectResponse(&copies[2])
            _ = try? OperationResult.read(&copies[3], count: 3, root: "/a")
            _ = try? ReplyHeader(&copies[4])
        }
        var list = JuteReader(ByteBuffer(bytes: [0x7F, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]))
        #expect(throws: JuteReader.Malformed.self) { try list.strings() }
    }

    @Test func `answers go to the oldest request, and what is late keeps its place`() throws {
        var queue = ReplyQueue()
        let start = NIODeadline.now()
        let requests = (1...3).map { Request(.exists, deadline: start + .seconds(Int64($0))) }
        for (index, request) in requests.enumerated() { queue.append(request, xid: Int32(index + 1), now: start) }
        #expect(queue.expire(now: start + .milliseconds(1500)).map(ObjectIdentifier.init) == [.init(requests[0])])
        #expect(queue.expire(now: start + .milliseconds(1500)).isEmpty)
        #expect(queue.nextDeadline == start + .seconds(2) && queue.oldest == start)
        #expect(queue.take(xid: 2) == nil)
        #expect(queue.take(xid: 1) === requests[0])
        #expect(queue.expire(now: start + .seconds(2)).map(ObjectIdentifier.init) == [.init(requests[1])])
        #expect(queue.take(xid: 2) === requests[1] && queue.take(xid: 3) === requests[2])
        #expect(queue.take(xid: 4) == nil && queue.isEmpty)
    }

    @Test func `watches that are over are forgotten`() {
        var table = WatchTable()
        let kept = (0..<100).map { _ in Watch() }
        for (index, watch) in kept.enumerated() {
            table.add(.init(path: "/\(index)", kind: .existence, watch: watch))
        }
        for index in 0..<100_000 {
            let watch = Watch()
            table.add(.init(path: "/x\(index)", kind: .data, watch: watch))
        }
        #expect(table.count <= WatchTable.leastSweep)
        #expect(table.take(.deleted, "/5").count == 1)
        #expect(table.take(.deleted, "/5").isEmpty)
        #expect(table.removeAll().count == 99 && table.count == 0)
    }

    @Test(arguments: [
        ("", "/", "/"), ("", "/a", "/a"), ("/r", "/", "/r"), ("/r", "/a/b", "/r/a/b"), ("/é/x", "/ü", "/é/x/ü"),
    ])
    func `paths below a root and back`(root: String, path: String, full: String) {
        #expect(Operation.full(path, root: root) == full)
        #expect(OperationResult.below(root, full) == path)
    }
}
#endif
