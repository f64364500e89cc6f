/// What the engine tells the front.
enum EngineMessage: Equatable, Sendable {
    /// For people who asked to be told.
    case note(String)
    /// For everybody who is not quiet, at any time.
    case warning(String)
    /// The lock is held; what CMD is to see of it, as `KEY=VALUE` lines.
    case granted(environment: String)
    /// The lock is lost. The claim stays until the front says that CMD has ended.
    case lost(reason: String)
    /// The last word: the lock was not had in time.
    case notHad
    /// The last word: the claim is removed.
    case released
    /// The last word of `once`: it ran before, and this was its status. What it printed is in the capture.
    case recorded(ExitStatus)
    /// The last word of `once`: the command ran, and that is not known to be recorded.
    case unrecorded(String)
    /// The last word: it went wrong.
    case failed(ExitStatus, String)

    var text: String {
        switch self {
        case .note(let text): "note\n" + text
        case .warning(let text): "warning\n" + text
        case .recorded(let status): "recorded\n\(status.code)"
        case .unrecorded(let text): "unrecorded\n" + text
        case .granted(let environment): "granted\n" + environment
        case .lost(let reason): "lost\n" + reason
        case .notHad: "notHad"
        case .released: "released"
        case .failed(let status, let message): "failed\n\(status.code)\n" + message
        }
    }

    init(text: String) {
        let lines = text.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
        let rest = lines.count > 1 ? String(lines[1]) : ""
        switch lines.first {
        case "note": self = .note(rest)
        case "warning": self = .warning(rest)
        case "recorded": self = .recorded(ExitStatus(code: Int32(rest) ?? ExitStatus.internalError.code))
        case "unrecorded": self = .unrecorded(rest)
        case "granted": self = .granted(environment: rest)
        case "lost": self = .lost(reason: rest)
        case "notHad": self = .notHad
        case "released": self = .released
        default:
            let parts = rest.split(separator: "\n", maxSplits: 1, omittingEmptySubsequences: false)
            let code = parts.first.flatMap { Int32($0) } ?? ExitStatus.internalError.code
            self = .failed(ExitStatus(code: code), parts.count > 1 ? String(parts[1]) : text)
        }
    }
}
