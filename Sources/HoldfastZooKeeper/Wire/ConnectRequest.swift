#if ZooKeeper
import NIOCore

/// The first words on a connection: the session that we have, or that we want one.
struct ConnectRequest: Sendable {
    /// What a server must know already, or refuse us: we would see the past.
    var lastZxid: Int64 = 0
    var timeout: Duration
    /// 0 for a new session.
    var id: Int64 = 0
    var password = [UInt8](repeating: 0, count: 16)

    /// With its length.
    var frame: ByteBuffer {
        var buffer = ByteBuffer()
        buffer.writeInteger(0 as Int32)
        buffer.writeInteger(0 as Int32)  // the version of the protocol
        buffer.writeInteger(lastZxid)
        buffer.writeInteger(Int32(clamping: Int(timeout / .milliseconds(1))))
        buffer.writeInteger(id)
        buffer.writeJute(password)
        buffer.writeJute(false)  // no server without a quorum
        buffer.setInteger(Int32(buffer.readableBytes - 4), at: 0)
        return buffer
    }
}

/// What a server says to it.
struct ConnectResponse: Sendable, Equatable {
    /// As negotiated. 0 where the session has expired.
    var timeout: Duration
    var id: Int64
    var password: [UInt8]
    /// The server has no quorum.
    var isReadOnly = false

    init(_ reader: inout JuteReader) throws(JuteReader.Malformed) {
        _ = try reader.int()
        timeout = .milliseconds(Int(try reader.int()))
        id = try reader.long()
        password = try reader.bytes()
        // Servers before 3.4 do not say it.
        if !reader.isAtEnd { isReadOnly = try reader.bool() }
    }
}
#endif
