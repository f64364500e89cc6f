#if Redis
import Glibc
import NIOCore
import ServerKit

@testable import HoldfastRedis

/// A blocking socket, for what tests ask of a server beside the code under test.
final class RawConnection {
    private let socket: CInt
    private var parser = RESPParser()

    init(unix path: String) throws {
        socket = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
        try connect(&address, MemoryLayout<sockaddr_un>.size)
    }

    init(port: Int) throws {
        socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        try connect(&address, MemoryLayout<sockaddr_in>.size)
    }

    deinit { close(socket) }

    private func connect<Address>(_ address: inout Address, _ size: Int) throws {
        var patience = timeval(tv_sec: 10, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { Glibc.connect(socket, $0, socklen_t(size)) }
        }
        guard code == 0 else { throw TestFailure("cannot connect: \(String(cString: strerror(errno)))") }
    }

    /// Sends a command, and returns its reply; pushes that come before it are dropped.
    func command(_ words: [String]) throws -> RESPValue {
        var bytes = ByteBuffer()
        bytes.writeArrayHeader(words.count)
        for word in words { bytes.writeBulk(word) }
        try write(Array(bytes.readableBytesView))
        while true {
            let value = try next()
            if case .push = value { continue }
            return value
        }
    }

    func write(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { throw TestFailure("cannot write: \(String(cString: strerror(errno)))") }
            rest = rest.dropFirst(count)
        }
    }

    /// The next value that the server sends.
    func next() throws -> RESPValue {
        while true {
            if let value = try parser.next() { return value }
            var bytes = [UInt8](repeating: 0, count: 65_536)
            let count = recv(socket, &bytes, bytes.count, 0)
            guard count > 0 else { throw TestFailure("no answer: \(String(cString: strerror(errno)))") }
            parser.append(ByteBuffer(bytes: bytes.prefix(count)))
        }
    }
}
#endif
