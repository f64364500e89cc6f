package import Holdfast
import HoldfastTesting
package import Testing

/// A holder whose server is cut off for longer than its time to live, one way or both (faults F16, F17).
package enum CutOff {
    private static let timeToLive: Duration = .seconds(2)

    /// - Parameters:
    ///   - port: the server's.
    ///   - losesRequestsToo: whether its renewals arrive: then nobody else is granted while it makes them.
    ///   - backend: opens the store by a port on this host.
    package static func run(
        port: Int, losesRequestsToo: Bool, sourceLocation: SourceLocation = #_sourceLocation,
        backend: @escaping @Sendable (Int) throws -> any LockBackend
    ) async throws {
        let proxy = try await FaultProxy(to: port)
        let configuration = LockClientConfiguration(timeToLive: timeToLive)
        try await LockClient.withClient(backend: backend(proxy.port), configuration: configuration) { holder in
            let owned = try await holder.acquire("k")
            let lease = owned.lease
            async let loss = lease.whenLost()
            if losesRequestsToo { proxy.requests = .drop }
            proxy.replies = .drop
            try await LockClient.withClient(backend: backend(port), configuration: configuration) { other in
                let next = try await other.acquire("k", wait: .upTo(.seconds(20)))
                #expect(!lease.isHeld, sourceLocation: sourceLocation)
                #expect(next.lease.token > lease.token, sourceLocation: sourceLocation)
                try await next.release()
            }
            let reason = await loss
            #expect(reason == .expired, sourceLocation: sourceLocation)
            proxy.requests = .pass
            proxy.replies = .pass
            proxy.cut()
            // It is gone already: nothing to release, and the successor's is not touched.
            try? await owned.release()
            try await holder.withLock("k", wait: .upTo(.seconds(20))) { _ in }
        }
    }
}
