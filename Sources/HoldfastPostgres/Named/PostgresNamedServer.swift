#if Postgres
import Holdfast
import HoldfastSQL

/// Advisory locks, for the engine of named locks.
struct PostgresNamedServer: NamedServer {
    let configuration: PostgresConfiguration
    let layout: NamedLayout
    let bounds: NamedBounds

    init(_ configuration: PostgresConfiguration, _ limits: PostgresBounds) {
        self.configuration = configuration
        layout = NamedLayout(schema: configuration.schema)
        var bounds = NamedBounds(
            connections: configuration.connections, requestTimeout: configuration.requestTimeout)
        bounds.waitersLimit = limits.waitersLimit
        bounds.attemptsLimit = limits.attemptsLimit
        bounds.firstBackoff = limits.firstBackoff
        bounds.lastBackoff = limits.lastBackoff
        self.bounds = bounds
    }

    var description: String { configuration.description }

    func open(keptFor seconds: Int, _ role: NamedRole) async throws(LockError) -> any NamedWire {
        let opened = try await PostgresDialer(configuration: configuration).open()
        let session = opened.session
        do throws(LockError) {
            guard !opened.isPooled || configuration.poolsSessions else {
                throw LockError(
                    .unsupported,
                    "\(configuration): a pooler answers for the server, and named locks belong to a session; name the "
                        + "server itself, or use locks=table; where the pooler keeps a session for each client, say "
                        + "pooler=session")
            }
            let seat = try await prepare(session)
            let wire = PostgresNamedWire(session, seat, configuration, layout)
            await wire.keep(for: seconds)
            return wire
        } catch {
            await session.close(error)
            throw error
        }
    }

    /// What holds for this session whatever the server's or the role's settings are, and what it is.
    private func prepare(_ session: PostgresSession) async throws(LockError) -> NamedSeat {
        let settings = [
            "SET statement_timeout = 0", "SET lock_timeout = 0", "SET synchronous_commit = on",
            "SET idle_in_transaction_session_timeout = 0",
        ]
        let look = """
            SELECT pg_backend_pid(), current_setting('server_version_num'), pg_is_in_recovery(),
                current_setting('transaction_read_only'),
                (SELECT (extract(epoch FROM backend_start) * 1000000)::bigint FROM pg_stat_activity
                    WHERE pid = pg_backend_pid()),
                (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        let answers = try await session.run((settings + [look]).map { PostgresStatement($0) })
        for case .failed(let fault) in answers { throw fault.lockError(description) }
        guard let row = answers.last?.rows?.first, row.count == 6, let pid = row[0].flatMap({ Int32($0) }),
            let version = row[1].flatMap({ Int($0) }), let startedAt = row[4].flatMap({ Int64($0) }),
            let database = row[5].flatMap({ UInt32($0) })
        else { throw LockError(.storeUnusable, "\(self): the server does not say what it is") }
        guard row[2] == "f", row[3] == "off" else {
            throw LockError(
                .unavailable,
                "\(self): the server is read-only; is it a standby? name the primary, or all servers with commas")
        }
        let seat = NamedSeat(
            pid: pid, startedAt: startedAt, database: database, endsIdle: version >= Self.firstWithIdleTimeout)
        // Kept parsed from the beginning: to parse it takes many locks, which a server may not have when it is asked.
        _ = try await session.run(NamedRequest.held(by: seat))
        // A server that cannot look after its clients does without.
        _ = try await session.run(PostgresStatement("SET client_connection_check_interval = '5s'"))
        let epoch = try await session.run(PostgresStatement(layout.epoch))
        if case .failed(let fault) = epoch {
            guard fault.isMissing else { throw fault.lockError(description) }
            // In one transaction: nobody draws from a sequence that begins with 1.
            let all = (layout.statements + [layout.epoch]).map { PostgresStatement($0) }
            for case .failed(let fault) in try await session.run(all) { throw refusal(fault) }
        }
        return seat
    }

    private func refusal(_ fault: PostgresFault) -> LockError {
        guard fault.state == "42501" else { return fault.lockError(description) }
        return LockError(
            .denied,
            "\(self): the role may not make the sequence that tokens are drawn from: \(fault.message); let one that "
                + "may run what holdfast doctor --script ROLE prints; see docs/postgres.md", cause: fault)
    }

    private static let firstWithIdleTimeout = 140_000
}
#endif
