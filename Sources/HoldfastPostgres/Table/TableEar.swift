#if Postgres
import Holdfast
import Logging
import Synchronization

/// The session on which this client hears of its claims.
final class TableEar: Sendable {
    /// What is told of a claim.
    enum Note: String {
        case granted
        case asked
        case removed
    }

    /// Names this client in its claims.
    let number = Int64.random(in: 1...Int64.max)
    private let configuration: PostgresConfiguration
    private let bounds: PostgresBounds
    private let logger: Logger?
    private let time = Timekeeper(ContinuousClock())
    private let heard: @Sendable (Note, Claim.ID, Int64) -> Void
    private let listening = Atomic(false)

    init(
        _ configuration: PostgresConfiguration, bounds: PostgresBounds, logger: Logger?,
        heard: @escaping @Sendable (Note, Claim.ID, Int64) -> Void
    ) {
        self.configuration = configuration
        self.bounds = bounds
        self.logger = logger
        self.heard = heard
    }

    var channel: String { "holdfast_" + String(number, radix: 16) }
    /// Whether what is told is heard.
    var isListening: Bool { listening.load(ordering: .relaxed) }

    /// Listens for as long as the task is not cancelled, unless a pooler is in the way.
    ///
    /// - Parameter ring: called whenever it begins to hear.
    func run(ring: () async -> Void) async {
        guard configuration.listening != .never else { return }
        var failures = 0
        while !Task.isCancelled {
            do throws(LockError) {
                guard try await listen(ring, &failures) else { return }
            } catch {
                logger?.log(
                    level: failures == 0 ? .notice : .debug, "does not hear of grants", metadata: ["reason": "\(error)"]
                )
            }
            listening.store(false, ordering: .relaxed)
            failures += 1
            // A cancelled sleep ends the loop.
            try? await time.sleep(until: time.now + bounds.backoff(failures))
        }
    }

    /// - Returns: false where it will never hear anything.
    private func listen(_ ring: () async -> Void, _ failures: inout Int) async throws(LockError) -> Bool {
        var endpoints: [PostgresConfiguration.Endpoint]?
        if case .at(let endpoint) = configuration.listening { endpoints = [endpoint] }
        let dialer = PostgresDialer(configuration: configuration)
        let opened = try await dialer.open(endpoints, onNotify: { [weak self] in self?.take($0, $1) })
        let session = opened.session
        guard !opened.isPooled || endpoints != nil else {
            await session.close()
            logger?.notice(
                "a pooler is in the way: grants by other processes are looked up; listen=host:port goes around it")
            return false
        }
        let answer = try await session.run(PostgresStatement("LISTEN \(channel)"))
        guard case .rows = answer else {
            await session.close()
            if case .failed(let fault) = answer { throw fault.lockError(configuration.description) }
            throw TableBackend.unexpected
        }
        listening.store(true, ordering: .relaxed)
        failures = 0
        await ring()
        throw await stay(with: session)
    }

    /// Returns when the session has ended, or does not answer any more.
    private func stay(with session: PostgresSession) async -> LockError {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.ping(session) }
            let reason = await session.whenClosed()
            group.cancelAll()
            return reason
        }
    }

    private func ping(_ session: PostgresSession) async {
        do {
            while true {
                try await time.sleep(until: time.now + bounds.pingInterval)
                _ = try await session.run(PostgresStatement("SELECT 1"))
            }
        } catch {
            await session.close(LockError(.cancelled, "the client has stopped"))
        }
    }

    /// `granted client:number:token`.
    private func take(_ channel: String, _ text: String) {
        let words = text.split(separator: " ")
        guard channel == self.channel, words.count == 2, let note = Note(rawValue: String(words[0])),
            let (id, value) = ArrayText.triple(words[1])
        else { return }
        heard(note, id, value)
    }
}
#endif
