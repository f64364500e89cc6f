#if Etcd
public import Holdfast

extension EtcdBackend {
    public func examine() async throws(LockError) -> [Finding] {
        let status = try await link.status()
        let members = try await link.memberList()
        var findings = [
            ServerFindings.version(status.version, members: members.count), ServerFindings.leader(status.leader),
            ServerFindings.members(members.count),
        ]
        findings += ServerFindings.alarms(try await link.alarms().map(\.alarm))
        findings.append(ServerFindings.users(configuration))
        findings += try await layouts()
        return findings
    }

    /// Keys under the prefix that are no locks as they should be.
    private func layouts() async throws(LockError) -> [Finding] {
        var seen = 0
        var foreign: [(key: [UInt8], what: String)] = []
        var endless: [[UInt8]] = []
        _ = try await scan(from: codec.prefix) { page in
            for entry in page {
                let key = entry.key.bytes
                if key.starts(with: codec.marks) || key.starts(with: codec.tombstones) { continue }
                seen += 1
                if let layout = PeerLayout.of(key, codec) {
                    foreign.append((key, layout))
                } else if entry.lease == 0 {
                    endless.append(key)
                }
            }
            return seen < bounds.examinedLimit
        }
        guard !foreign.isEmpty || !endless.isEmpty else {
            return [Finding(.fine, "layouts", "no other layout among \(seen) keys")]
        }
        var findings = foreign.prefix(bounds.namedLimit).map { key, what in
            Finding(
                .danger, "layouts", "\(Self.text(key)) is \(what)",
                remedy: "It excludes no lock here: give Holdfast another prefix, or that program another key.")
        }
        findings += endless.prefix(bounds.namedLimit).map { key in
            Finding(
                .danger, "lease", "\(Self.text(key)) has no lease: it blocks its lock for ever",
                remedy: "Delete it where its owner is gone; a put to a lock's key must say ignore_lease.")
        }
        let rest = max(0, foreign.count - bounds.namedLimit) + max(0, endless.count - bounds.namedLimit)
        if rest > 0 { findings.append(Finding(.danger, "layouts", "\(rest) more keys like these")) }
        return findings
    }

    private static func text(_ key: [UInt8]) -> String { String(decoding: key, as: UTF8.self) }
}
#endif
