#if MySQL
import Holdfast

/// What a session found out about its server when it was opened.
struct ServerFacts: Sendable, Equatable {
    var version = ""
    var isMariaDB = false
    /// Refuses writes: a replica, or a primary that is being replaced.
    var isReadOnly = false
    /// Why locks and tables on this node exclude nobody on another, where that is so.
    var multiplePrimaries: String?
    /// Something between us and the server answers, and may give each request another session.
    var isPooled = false
    /// Seconds since 1970, within a second or two: numbers of sessions begin anew with the server.
    var startedAt: Int64 = 0
    /// The server's settings by name, as far as they concern locks.
    var settings: [String: String] = [:]

    static let queries = """
        SELECT CONNECTION_ID(), UNIX_TIMESTAMP(); SHOW GLOBAL STATUS WHERE Variable_name IN ('Uptime', \
        'wsrep_connected'); SHOW GLOBAL VARIABLES WHERE Variable_name IN ('read_only', 'super_read_only', \
        'innodb_read_only', 'wsrep_on', 'wsrep_cluster_address', 'group_replication_group_name', \
        'group_replication_single_primary_mode', 'innodb_flush_log_at_trx_commit', 'sync_binlog', 'log_bin', \
        'binlog_format', 'server_uuid', 'server_uid', 'max_connections', 'max_allowed_packet')
        """

    /// - Returns: `nil` where the answer is no server's.
    init?(_ answer: MySQLAnswer, number greeted: UInt64, version: String) {
        guard answer.fault == nil, answer.results.count == 3, let first = answer.results[0].rows?.first,
            first.count == 2, let number = first[0], let now = first[1].flatMap({ Int64($0) })
        else { return nil }
        func table(_ index: Int) -> [String: String] {
            var table: [String: String] = [:]
            for row in answer.results[index].rows ?? [] where row.count == 2 {
                if let name = row[0] { table[name.lowercased()] = row[1] ?? "" }
            }
            return table
        }
        let status = table(1)
        settings = table(2)
        self.version = version
        isMariaDB = version.contains("MariaDB")
        isPooled = number != "\(greeted)"
        startedAt = now - (status["uptime"].flatMap { Int64($0) } ?? 0)
        isReadOnly = ["read_only", "super_read_only", "innodb_read_only"].contains { isOn($0) }
        if isOn("wsrep_on"), settings["wsrep_cluster_address"]?.isEmpty == false {
            multiplePrimaries = "the server is a node of a Galera cluster"
        } else if settings["group_replication_group_name"]?.isEmpty == false,
            !isOn("group_replication_single_primary_mode")
        {
            multiplePrimaries = "the server is of a replication group with several primaries"
        }
    }

    func isOn(_ name: String) -> Bool {
        // MariaDB has words for more than two answers.
        guard let value = settings[name]?.uppercased() else { return false }
        return !["OFF", "0", ""].contains(value)
    }

    /// Whether numbers of sessions mean the same as they did there.
    func isSameRun(as other: ServerFacts) -> Bool { abs(startedAt - other.startedAt) <= 2 }
}
#endif
