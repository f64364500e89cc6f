#if Etcd
/// The calls that Holdfast makes, by their names on the wire.
enum EtcdMethod: String, CaseIterable, Sendable {
    case range = "/etcdserverpb.KV/Range"
    case put = "/etcdserverpb.KV/Put"
    case deleteRange = "/etcdserverpb.KV/DeleteRange"
    case txn = "/etcdserverpb.KV/Txn"
    case compact = "/etcdserverpb.KV/Compact"
    case leaseGrant = "/etcdserverpb.Lease/LeaseGrant"
    case leaseRevoke = "/etcdserverpb.Lease/LeaseRevoke"
    case leaseTimeToLive = "/etcdserverpb.Lease/LeaseTimeToLive"
    case leaseKeepAlive = "/etcdserverpb.Lease/LeaseKeepAlive"
    case watch = "/etcdserverpb.Watch/Watch"
    case authenticate = "/etcdserverpb.Auth/Authenticate"
    case memberList = "/etcdserverpb.Cluster/MemberList"
    case status = "/etcdserverpb.Maintenance/Status"
    case alarm = "/etcdserverpb.Maintenance/Alarm"

    /// Answered by a member that has no leader too: it speaks of that member alone.
    var isLocal: Bool { self == .status }

    /// Messages in both directions, for as long as it lasts.
    var isStream: Bool { self == .watch || self == .leaseKeepAlive }
}
#endif
