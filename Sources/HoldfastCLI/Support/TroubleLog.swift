import Logging
import Synchronization

/// Says that a store cannot be reached, the same not twice in a minute: who waits should know for what.
struct TroubleLog: LogHandler {
    /// What was said last, and when.
    final class Said: Sendable {
        private static let silence: Duration = .seconds(60)
        private let last = Mutex<(text: String, at: ContinuousClock.Instant)?>(nil)

        /// Whether it is to be said; then it is noted as said.
        func isNews(_ text: String, now: ContinuousClock.Instant) -> Bool {
            last.withLock { last in
                if let last, last.text == text, now - last.at < Self.silence { return false }
                last = (text, now)
                return true
            }
        }
    }

    let say: @Sendable (String) -> Void
    private let said = Said()
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    private init(_ say: @escaping @Sendable (String) -> Void) { self.say = say }

    static func logger(_ say: @escaping @Sendable (String) -> Void) -> Logger {
        Logger(label: "holdfast") { _ in TroubleLog(say) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // What it says of settings is the doctor's to tell.
        guard let error = event.metadata?["error"] else { return }
        let text = "\(event.message): \(error); trying again"
        if said.isNews(text, now: .now) { say(text) }
    }
}
