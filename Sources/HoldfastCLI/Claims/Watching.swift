import Glibc
import Holdfast

/// One `holdfast watch` at work.
struct Watching: Sendable {
    enum Style: Sendable {
        /// A table that is drawn again in its place.
        case live
        /// A table for each change.
        case tables
        /// A line of JSON for each change.
        case lines
    }

    /// A person reads no faster.
    static let drawInterval: Duration = .milliseconds(500)

    let prefix: String
    let interval: Duration
    let style: Style

    /// Returns when nobody reads any more.
    func run(_ client: LockClient) async throws -> ExitStatus {
        let time = Timekeeper(ContinuousClock())
        let pause = style == .live ? max(interval, Self.drawInterval) : interval
        var diff = WatchDiff()
        var screen = LiveScreen()
        var looks = 0
        var isDown = false
        while !Terminal.readerIsGone {
            do throws(LockError) {
                let records = try await records(client)
                if isDown { Terminal.say("the store answers again") }
                isDown = false
                tell(records, diff.update(records), isFirst: looks == 0, &screen)
                looks += 1
            } catch {
                // What is shown stands until there is news.
                guard error.code == .unavailable, looks > 0 else { throw error }
                if !isDown { Terminal.say(Failure(error).message) }
                isDown = true
            }
            try await time.sleep(until: time.now + pause)
        }
        return .success
    }

    private func records(_ client: LockClient) async throws(LockError) -> [ClaimRecord] {
        let records = try await client.claims(withPrefix: prefix, limit: Listing.recordsLimit)
        guard records.count < Listing.recordsLimit else {
            throw LockError(.limitExceeded, "more than \(Listing.recordsLimit) claims: watch a narrower PREFIX")
        }
        return records
    }

    private func tell(
        _ records: [ClaimRecord], _ changes: [(event: WatchDiff.Event, record: ClaimRecord)], isFirst: Bool,
        _ screen: inout LiveScreen
    ) {
        switch style {
        case .live: screen.show(frame(records))
        case .tables where isFirst: Terminal.print(Listing.table(records).text)
        case .tables where !changes.isEmpty: Terminal.print("\n" + Listing.table(records).text)
        case .tables: break
        case .lines: Terminal.print(changes.map { Self.line($0.event, $0.record) }.joined())
        }
    }

    private func frame(_ records: [ClaimRecord]) -> [String] {
        let held = records.count { $0.isHeld }
        let subject = prefix.isEmpty ? "all locks" : "locks that begin with \(Terminal.escaped(prefix))"
        let title = "\(subject): \(held) held, \(records.count - held) waiting"
        return [title, ""] + Listing.table(records).lines
    }

    private static func line(_ event: WatchDiff.Event, _ record: ClaimRecord) -> String {
        let members: [(String, JSON)] = [
            ("event", .string(event.rawValue)), ("at", .integer(WallClock.milliseconds)),
        ]
        return JSON.object(members + record.members).text + "\n"
    }
}

extension Terminal {
    /// Whether what is printed can reach nobody any more: the reader of the pipe ended, or the terminal is closed.
    static var readerIsGone: Bool {
        var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
        guard poll(&output, 1, 0) > 0 else { return false }
        return Int32(output.revents) & (POLLERR | POLLHUP | POLLNVAL) != 0
    }
}

extension TextTable {
    var lines: [String] { text.split(separator: "\n").map(String.init) }
}
