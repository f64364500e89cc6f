#if Etcd
import Holdfast
import NIOCore
import NIOHPACK
import NIOHTTP2

/// What the server says.
extension GRPCHandler {
    /// What the server may send before we have opened its window anew, on the connection.
    static let connectionWindow = 16 * 1_048_576
    /// The same on each stream.
    static let streamWindow = 4 * 1_048_576
    /// What every connection begins with.
    static let initialWindow = 65_535

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        heard = .now()
        switch frame.payload {
        case .data(let data): receive(data, frame.streamID)
        case .headers(let headers): receive(headers.headers, headers.endStream, frame.streamID)
        case .rstStream(let code): wasReset(frame.streamID, code)
        case .goAway(let last, let code, _): goesAway(last, code)
        case .ping(_, let isAnswer): if isAnswer { asked = nil }
        case .settings: begins()
        default: break
        }
    }

    /// Makes room for calls, once per portion.
    func channelReadComplete(context: ChannelHandlerContext) {
        if !queued.isEmpty { beginQueued() }
        if answered > 0 { connection?.answered(answered) }
        answered = 0
        context.flush()
        context.fireChannelReadComplete()
    }

    private func begins() {
        guard !isReady else { return }
        isReady = true
        write(.windowUpdate(windowSizeIncrement: Self.connectionWindow - Self.initialWindow), .rootStream)
        ready?.succeed()
    }

    private func receive(_ headers: HPACKHeaders, _ isEnd: Bool, _ number: HTTP2StreamID) {
        hasSpoken = true
        guard exchanges[number] != nil else { return }
        if isEnd { return ended(number, CallStatus.fault(in: headers)) }
        exchanges[number]?.hasBegun = true
        // Not of gRPC, as from a proxy that has no server to pass on to; what follows is its page.
        if headers.first(name: ":status") != "200" { abandon(number, CallStatus.fault(in: headers)) }
    }

    private func receive(_ data: HTTP2Frame.FramePayload.Data, _ number: HTTP2StreamID) {
        hasSpoken = true
        guard case .byteBuffer(let bytes) = data.data else { return }
        let size = bytes.readableBytes + (data.paddingBytes.map { $0 + 1 } ?? 0)
        connectionUnacknowledged += size
        if connectionUnacknowledged >= Self.connectionWindow / 2 {
            write(.windowUpdate(windowSizeIncrement: connectionUnacknowledged), .rootStream)
            connectionUnacknowledged = 0
        }
        guard exchanges[number] != nil else { return }
        exchanges[number]?.frames.append(bytes)
        exchanges[number]?.unacknowledged += size
        if let unacknowledged = exchanges[number]?.unacknowledged, unacknowledged >= Self.streamWindow / 2,
            !data.endStream
        {
            exchanges[number]?.unacknowledged = 0
            write(.windowUpdate(windowSizeIncrement: unacknowledged), number)
        }
        deliver(number)
        if data.endStream {
            ended(number, .init(status: EtcdFault.unavailable, text: "the answer ended without a status"))
        }
    }

    /// Passes on what is whole; calls keep theirs until they end.
    private func deliver(_ number: HTTP2StreamID) {
        do {
            guard case .stream(let stream)? = exchanges[number]?.kind else {
                try exchanges[number]?.frames.check()
                return
            }
            while let message = try exchanges[number]?.frames.next() { stream.receiver.receive(message, on: stream) }
        } catch {
            abandon(
                number, .init(status: EtcdFault.unavailable, text: "a message that this client takes not: \(error)"))
        }
    }

    /// The server has said its last.
    ///
    /// - Parameter fault: `nil` where all went well.
    private func ended(_ number: HTTP2StreamID, _ fault: EtcdFault.Stated?) {
        guard var exchange = exchanges.removeValue(forKey: number) else { return }
        switch exchange.kind {
        case .call(let call):
            calls -= 1
            hasTimedOut = false
            lastAnswer = heard
            if let fault { return settle(call, .success(.fault(fault))) }
            if let message = try? exchange.frames.next(), exchange.frames.isEmpty {
                settle(call, .success(.message(message)))
            } else {
                settle(call, .failure(LockError(.unavailable, "\(setup.place) has sent no answer that gRPC knows")))
            }
        case .stream(let stream):
            open[ObjectIdentifier(stream)] = nil
            let reason = fault.map(EtcdFault.error(for:))
            stream.receiver.ended(stream, reason ?? LockError(.unavailable, "\(setup.place) ended the stream"))
        }
    }

    /// Ends what the server has not ended.
    private func abandon(_ number: HTTP2StreamID, _ fault: EtcdFault.Stated?) {
        guard exchanges[number] != nil else { return }
        write(.rstStream(.cancel), number)
        ended(number, fault)
    }

    private func wasReset(_ number: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        guard let exchange = exchanges.removeValue(forKey: number) else { return }
        let reason = LockError(.unavailable, "\(setup.place) broke a call off (\(code))")
        switch exchange.kind {
        case .call(let call):
            calls -= 1
            settle(call, code == .refusedStream ? .success(.unsent) : .failure(reason))
        case .stream(let stream):
            open[ObjectIdentifier(stream)] = nil
            stream.receiver.ended(stream, reason)
        }
    }

    /// What is beyond the last number was not looked at.
    private func goesAway(_ last: HTTP2StreamID, _ code: HTTP2ErrorCode) {
        let reason = LockError(.unavailable, "\(setup.place) is going away (\(code))")
        retire(reason)
        for number in exchanges.keys.filter({ $0 > last }) {
            guard let exchange = exchanges.removeValue(forKey: number) else { continue }
            switch exchange.kind {
            case .call(let call):
                calls -= 1
                settle(call, .success(.unsent))
            case .stream(let stream):
                open[ObjectIdentifier(stream)] = nil
                stream.receiver.ended(stream, reason)
            }
        }
    }
}
#endif
