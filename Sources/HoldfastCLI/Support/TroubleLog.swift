import Logging

/// Says on standard error that a store cannot be reached, once per reason: who waits should know for what.
struct TroubleLog: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.warning

    static var logger: Logger { Logger(label: "holdfast") { _ in TroubleLog() } }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // What it says of settings is the doctor's to tell.
        guard let error = event.metadata?["error"] else { return }
        Terminal.sayWithoutWaiting("\(event.message): \(error); trying again")
    }
}
