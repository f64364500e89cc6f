#if Postgres
import Holdfast
import HoldfastSQL

/// Opens sessions, and sees whether something stands between them and the server.
struct PostgresDialer: Sendable {
    let configuration: PostgresConfiguration

    /// What a session is, once it is open.
    struct Opened: Sendable {
        let session: PostgresSession
        /// Whether a pooler answers, which may give each transaction another session of the server.
        let isPooled: Bool
    }

    /// - Parameter begin: told of the session before it is connected, so that it can be ended.
    func open(
        _ endpoints: [PostgresConfiguration.Endpoint]? = nil,
        onNotify: @escaping @Sendable (String, String) -> Void = { _, _ in },
        begin: (PostgresSession) -> Void = { _ in }
    ) async throws(LockError) -> Opened {
        do throws(LockError) {
            return try await open(endpoints, settings: settings, onNotify, begin)
        } catch {
            // A pooler does not know what the session is to have; the functions see to it, or say what is wrong.
            guard error.message.contains("unsupported startup parameter") else { throw error }
            return try await open(endpoints, settings: [], onNotify, begin)
        }
    }

    private var settings: [(String, String)] {
        let limit = "\(configuration.requestTimeout.nanoseconds / 1_000_000)ms"
        return [("default_transaction_isolation", "read committed"), ("statement_timeout", limit)]
    }

    private func open(
        _ endpoints: [PostgresConfiguration.Endpoint]?, settings: [(String, String)],
        _ onNotify: @escaping @Sendable (String, String) -> Void, _ begin: (PostgresSession) -> Void
    ) async throws(LockError) -> Opened {
        let parameters = try await configuration.parameters(
            of: endpoints ?? configuration.endpoints, settings: settings)
        let session = try PostgresSession(
            parameters, target: configuration.description, limit: configuration.connectTimeout,
            requestLimit: configuration.requestTimeout, onNotify: onNotify)
        begin(session)
        do throws(LockError) {
            try await session.connect()
            // A pooler makes up a process of its own to greet with.
            let answer = try await session.run(PostgresStatement("SELECT pg_backend_pid()"))
            guard let backend = answer.first else {
                if case .failed(let fault) = answer { throw fault.lockError(configuration.description) }
                throw LockError(.unavailable, "\(configuration): no process")
            }
            let greeted = await session.backend
            let isPooled = settings.isEmpty || backend != "\(greeted)"
            if isPooled, !configuration.poolsSessions { await session.keepNothing() }
            return Opened(session: session, isPooled: isPooled)
        } catch {
            await session.close(error)
            throw error
        }
    }
}
#endif
