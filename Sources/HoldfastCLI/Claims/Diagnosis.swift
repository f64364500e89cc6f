import Holdfast

/// What `holdfast doctor` found out about a store.
struct Diagnosis: Sendable {
    let store: String
    let capabilities: BackendCapabilities
    let roundTrip: RoundTrip
    let findings: [Finding]

    var dangers: Int { findings.count { $0.weight == .danger } }

    static func of(_ store: String, _ backend: any LockBackend, _ client: LockClient) async throws -> Diagnosis {
        let roundTrip = try await RoundTrip.measure(client)
        var findings = [guarantee(client.capabilities), roundTrip.finding]
        do throws(LockError) {
            findings += try await backend.examine()
        } catch {
            // It keeps locks, as was just seen.
            findings.append(
                Finding(
                    .notice, "settings", "the store would not show them: \(Failure(error).message)",
                    remedy: "let this user read them, or ask whoever runs the store"))
        }
        return Diagnosis(store: store, capabilities: client.capabilities, roundTrip: roundTrip, findings: findings)
    }

    private static func guarantee(_ capabilities: BackendCapabilities) -> Finding {
        let name = capabilities.guarantee.rawValue
        switch capabilities.guarantee {
        case .consensus: return Finding(.fine, "guarantee", "\(name): an ensemble agrees on every step")
        case .singleAuthority:
            return Finding(.fine, "guarantee", "\(name): exclusion holds while one node keeps its state")
        case .quorumTimed:
            return Finding(
                .fine, "guarantee", "\(name): exclusion holds while few nodes lose state or step their clocks")
        case .bestEffort:
            return Finding(
                .notice, "guarantee", "\(name): a failover that loses an acknowledged write makes two holders",
                remedy: "have what the lock protects refuse a smaller fencing token, or use a store that agrees")
        }
    }
}

// MARK: - As text and as JSON

extension Diagnosis {
    var text: String {
        let width = findings.map { $0.subject.count }.max() ?? 0
        var text = Terminal.escaped("holdfast \(HoldfastCommand.version) on \(store)") + "\n"
        text += "  " + Terminal.escaped(abilities) + "\n\n"
        for finding in findings {
            let gap = String(repeating: " ", count: width - finding.subject.count)
            text += Terminal.escaped("\(Self.mark(finding.weight))  \(finding.subject)\(gap)  \(finding.text)") + "\n"
            guard let remedy = finding.remedy else { continue }
            text += String(repeating: " ", count: 6 + 2 + width + 2) + "-> " + Terminal.escaped(remedy) + "\n"
        }
        let dangers = dangers
        return text + "\n"
            + (dangers == 0 ? "nothing endangers locks\n" : "\(dangers) of \(findings.count) findings endanger locks\n")
    }

    /// As wide as the widest.
    private static func mark(_ weight: Finding.Weight) -> String {
        switch weight {
        case .fine: "ok    "
        case .notice: "note  "
        case .danger: "DANGER"
        }
    }

    private var abilities: String {
        let has = { (isThere: Bool, name: String) in isThere ? name : "no \(name)" }
        return [
            has(capabilities.supportsShared, "shared locks"), has(capabilities.supportsPermits, "permits"),
            has(capabilities.supportsPaths, "paths"), "\(capabilities.keysPerClaimLimit) keys in a claim",
            capabilities.isFIFO ? "first come first served" : "no order",
            has(capabilities.supportsListing, "listing"), "expiry by \(capabilities.expiry.rawValue)",
        ].joined(separator: ", ")
    }

    var json: JSON {
        .object([
            ("version", .string(HoldfastCommand.version)), ("store", .string(store)), ("reachable", .boolean(true)),
            ("kind", .string(capabilities.name)), ("guarantee", .string(capabilities.guarantee.rawValue)),
            ("capabilities", capabilitiesJSON), ("round_trip_ms", roundTrip.json),
            ("dangers", .integer(Int64(dangers))), ("findings", .array(findings.map(Self.json))),
        ])
    }

    private var capabilitiesJSON: JSON {
        .object([
            ("shared", .boolean(capabilities.supportsShared)), ("permits", .boolean(capabilities.supportsPermits)),
            ("paths", .boolean(capabilities.supportsPaths)),
            ("keys_per_claim", .integer(Int64(capabilities.keysPerClaimLimit))),
            ("fifo", .boolean(capabilities.isFIFO)),
            ("listing", .boolean(capabilities.supportsListing)), ("expiry", .string(capabilities.expiry.rawValue)),
            ("shortest_ttl_ms", .integer(capabilities.shortestTimeToLive.milliseconds)),
            ("longest_ttl_ms", .integer(capabilities.longestTimeToLive.milliseconds)),
        ])
    }

    private static func json(_ finding: Finding) -> JSON {
        .object([
            ("weight", .string(finding.weight.rawValue)), ("subject", .string(finding.subject)),
            ("text", .string(finding.text)), ("remedy", finding.remedy.map(JSON.string) ?? .null),
        ])
    }

    /// What programs are told where there is nothing to examine.
    static func unreachable(_ store: String, _ failure: Failure) -> JSON {
        .object([
            ("version", .string(HoldfastCommand.version)), ("store", .string(store)), ("reachable", .boolean(false)),
            ("error", .string(failure.message)),
        ])
    }
}
