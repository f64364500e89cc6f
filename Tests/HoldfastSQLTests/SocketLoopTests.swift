import Glibc
import Holdfast
import HoldfastSQL
import Synchronization
import Testing

/// One end of a socket pair, as an actor on the loop: what a connection will be.
private actor End {
    private let loop: SocketLoop
    private let socket: Int32
    private var received: [UInt8] = []
    private var waiter: CheckedContinuation<[UInt8], Never>?
    private(set) var isClosed = false

    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(_ socket: Int32) throws {
        loop = try SocketLoop.shared()
        self.socket = socket
    }

    func open() {
        loop.watch(socket, for: .readable) { [weak self] _ in self?.assumeIsolated { $0.readable() } }
    }

    func send(_ bytes: [UInt8]) { _ = write(socket, bytes, bytes.count) }

    private func readable() {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &buffer, buffer.count, Int32(MSG_DONTWAIT))
        if count <= 0 {
            isClosed = true
            loop.forget(socket)
        } else {
            received += buffer.prefix(count)
        }
        waiter?.resume(returning: take())
        waiter = nil
    }

    /// What has come since the last call; at least a byte, or the end.
    func next() async -> [UInt8] {
        await withCheckedContinuation { caller in
            guard received.isEmpty, !isClosed else { return caller.resume(returning: take()) }
            waiter = caller
        }
    }

    private func take() -> [UInt8] {
        defer { received = [] }
        return received
    }

    func end() {
        loop.forget(socket)
        close(socket)
    }
}

/// Watches a number that is no socket's.
private actor Wrong {
    private let loop: SocketLoop
    nonisolated var unownedExecutor: UnownedSerialExecutor { loop.asUnownedSerialExecutor() }

    init(loop: SocketLoop) { self.loop = loop }

    func events() async -> SocketEvents {
        await withCheckedContinuation { continuation in
            loop.watch(9999, for: .readable) { [loop] events in
                loop.forget(9999)
                continuation.resume(returning: events)
            }
        }
    }
}

private final class Counter: Sendable {
    private let value = Mutex(0)
    var count: Int { value.withLock { $0 } }
    func add() { value.withLock { $0 += 1 } }
}

@Suite(.timeLimit(.minutes(1))) struct SocketLoopTests {
    private func pair() throws -> (End, End) {
        var sockets: [Int32] = [0, 0]
        try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &sockets) == 0)
        return (try End(sockets[0]), try End(sockets[1]))
    }

    @Test func `bytes go to and fro, on the loop's thread`() async throws {
        let (one, other) = try pair()
        await one.open()
        await other.open()
        for round: UInt8 in 0..<200 {
            await one.send([round])
            #expect(await other.next() == [round])
            await other.send([round, round])
            #expect(await one.next() == [round, round])
        }
        await one.end()
        #expect(await other.next() == [])
        #expect(await other.isClosed)
        await other.end()
    }

    @Test func `many tasks on many threads lose no job`() async throws {
        let loop = try SocketLoop.shared()
        let counter = Counter()
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask {
                    for _ in 0..<500 {
                        await withTaskExecutorPreference(loop) { counter.add() }
                    }
                }
            }
        }
        #expect(counter.count == 32_000)
    }

    @Test func `a task that prefers the loop runs on its thread, and others do not`() async throws {
        let loop = try SocketLoop.shared()
        #expect(await withTaskExecutorPreference(loop) { loop.isCurrent })
        #expect(!loop.isCurrent)
    }

    @Test func `a socket that is no socket is told as hung up`() async throws {
        let loop = try SocketLoop.shared()
        let told = await Wrong(loop: loop).events()
        #expect(!told.isDisjoint(with: .hungUp))
    }

    @Test func `a number that another socket had before tells nothing of it`() async throws {
        for _ in 0..<50 {
            let (one, other) = try pair()
            await one.open()
            await other.open()
            await one.send([1])
            #expect(await other.next() == [1])
            await one.end()
            await other.end()
        }
    }
}
