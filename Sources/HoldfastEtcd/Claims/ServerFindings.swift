#if Etcd
import Holdfast

/// What a cluster says of itself that matters to locks.
enum ServerFindings {
    /// Before 3.4.31 and 3.5.13 a member that was the leader, and was paused, may revoke leases that are alive.
    static func hasRevocationBug(_ version: String) -> Bool? {
        let numbers = version.split { !$0.isNumber }.prefix(3).compactMap { Int($0) }
        guard numbers.count == 3 else { return nil }
        if numbers[0] < 3 { return true }
        if numbers[0] > 3 || numbers[1] > 5 { return false }
        let first = numbers[1] == 5 ? 13 : 31
        return numbers[1] < 4 || numbers[2] < first
    }

    static func version(_ version: String, members: Int) -> Finding {
        switch hasRevocationBug(version) {
        case false?: return Finding(.fine, "version", "etcd \(version)")
        case nil: return Finding(.notice, "version", "etcd \(version), which is not known here")
        case true?:
            let text = "etcd \(version): a leader that was paused may end leases that are alive when it comes back"
            let remedy = "Upgrade to 3.4.31, 3.5.13 or later, or let resources check tokens."
            // Alone it leads always.
            return Finding(members > 1 ? .danger : .notice, "version", text, remedy: remedy)
        }
    }

    static func leader(_ leader: UInt64) -> Finding {
        guard leader == 0 else { return Finding(.fine, "leader", "there is one") }
        return Finding(
            .danger, "leader", "the member knows no leader: nothing can be locked or released",
            remedy: "Start the other members, or see why they do not reach each other.")
    }

    static func members(_ count: Int) -> Finding {
        switch count {
        case 1:
            Finding(
                .notice, "members", "one member: while it is down nothing can be locked or released",
                remedy: "Run three members on three machines.")
        case let count where count.isMultiple(of: 2):
            Finding(
                .notice, "members", "\(count) members bear no more failures than \(count - 1)",
                remedy: "Run an odd number.")
        default: Finding(.fine, "members", "\(count)")
        }
    }

    static func alarms(_ alarms: [Etcdserverpb_AlarmType]) -> [Finding] {
        var findings: [Finding] = []
        if alarms.contains(.nospace) {
            findings.append(
                Finding(
                    .danger, "alarm", "NOSPACE: no lock can be taken; those that are held can be released",
                    remedy: "Compact, defragment, raise --quota-backend-bytes, then run etcdctl alarm disarm."))
        }
        if alarms.contains(.corrupt) {
            findings.append(
                Finding(
                    .danger, "alarm", "CORRUPT: members do not agree on the data",
                    remedy: "Remove the member whose data is wrong, and add it anew."))
        }
        return findings.isEmpty ? [Finding(.fine, "alarm", "none")] : findings
    }

    /// That anybody was served at all without a name says that nobody needs one.
    static func users(_ configuration: EtcdConfiguration) -> Finding {
        if configuration.credentials != nil { return Finding(.fine, "users", "a user with a password") }
        if configuration.tls?.certificateFile != nil { return Finding(.fine, "users", "a client's certificate") }
        return Finding(
            .notice, "users", "no user and no client's certificate: whoever reaches the cluster can break locks",
            remedy: "Enable users (etcdctl auth enable), or ask for client certificates, where the network is shared.")
    }
}
#endif
