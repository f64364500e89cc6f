import Logging

/// Says that a store cannot be reached, once per reason: who waits should know for what.
struct TroubleLog: LogHandler {
    let say: @Sendable (String) -> Void
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    static func logger(_ say: @escaping @Sendable (String) -> Void) -> Logger {
        Logger(label: "holdfast") { _ in TroubleLog(say: say) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // What it says of settings is the doctor's to tell.
        guard let error = event.metadata?["error"] else { return }
        say("\(event.message): \(error); trying again")
    }
}
