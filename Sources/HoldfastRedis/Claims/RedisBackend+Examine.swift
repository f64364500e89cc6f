#if Redis
public import Holdfast

extension RedisBackend {
    /// Keys that an examination looks at.
    static let examinedLimit = 10_000
    /// Peers' keys that are named one by one.
    private static let namedLimit = 5
    /// A difference that is worth to be known: tokens order holders by the server's clock after a failover.
    private static let clockTolerance: Duration = .seconds(1)

    public func examine() async throws(LockError) -> [Finding] {
        var findings = try await ServerFacts(link).findings
        findings.append(try await clock())
        findings += try await peers()
        return findings
    }

    private func clock() async throws(LockError) -> Finding {
        let reply = try await link.send(RedisCommand("TIME"))
        guard let parts = reply.elements, parts.count == 2, let seconds = parts[0].int, let micros = parts[1].int else {
            throw Self.unexpected
        }
        let server = Duration.seconds(seconds) + .microseconds(micros)
        let difference = server - WallClock.now
        let milliseconds = difference.nanoseconds / 1_000_000
        let text = "the server's clock is \(milliseconds) ms from this machine's, the way there included"
        guard difference > Self.clockTolerance || difference < .zero - Self.clockTolerance else {
            return Finding(.fine, "clock", text)
        }
        return Finding(
            .notice, "clock", text,
            remedy: "Locks count on the server's clock alone; keep it in step, without jumps, by NTP.")
    }

    /// Keys under the prefix that are locks of other layouts: they exclude nobody here.
    private func peers() async throws(LockError) -> [Finding] {
        var seen = 0
        var strings: [String] = []
        try await scan(beginningWith: "") { names throws(LockError) in
            strings += names.filter { $0.utf8.starts(with: codec.prefix.utf8) && !Self.isSide($0) }
            seen += names.count
            return seen < Self.examinedLimit
        }
        strings = Array(strings.prefix(Self.examinedLimit))
        var foreign: [(name: String, type: String)] = []
        for batch in strings.batches(of: Self.scanStep) {
            let types = try await link.send(batch.map { RedisCommand("TYPE", $0) })
            for (name, type) in zip(batch, types) {
                guard let type = type.text, type != "string", type != "none" else { continue }
                foreign.append((name, type))
            }
        }
        guard !foreign.isEmpty else {
            return [Finding(.fine, "layouts", "no other layout among \(strings.count) keys")]
        }
        var findings: [Finding] = []
        for (name, type) in foreign.prefix(Self.namedLimit) {
            let layout = try await PeerLayout.of(name, type: type, link)
            findings.append(
                Finding(
                    .danger, "layouts", "\(name) is \(layout)",
                    remedy: "It excludes no string lock: give Holdfast another prefix, or that library another key."))
        }
        if foreign.count > Self.namedLimit {
            findings.append(
                Finding(.danger, "layouts", "\(foreign.count - Self.namedLimit) more keys of other layouts"))
        }
        return findings
    }

    private static func isSide(_ name: String) -> Bool {
        name.utf8.suffix(5).starts(with: ":hf.".utf8)
            || (name.utf8.first == UInt8(ascii: "{") && name.utf8.suffix(6).starts(with: "}:hf:".utf8))
    }
}
#endif
