#if Redis
import Holdfast
import Logging
import Synchronization

/// What the server tells this client of its own accord, and what is said to it at each new connection.
final class Ears: Sendable {
    /// Hints that nobody takes are dropped beyond this many: the next renewal tells the same.
    private static let hintsLimit = 1024

    private let roster: Roster
    private let hasQuarantine: Bool
    private let logger: Logger?
    /// Written in this client's claims, so that scripts know whom to tell.
    let channel: String
    let hintStream: AsyncStream<[Claim.ID]>
    private let hinting: AsyncStream<[Claim.ID]>.Continuation
    private let failsOver = Atomic(false)
    private let cluster = Atomic(false)
    private let runID = Mutex<String?>(nil)
    private let wasWarned = Atomic(false)
    /// Those that wait for a push which is no claim's.
    let bare = Mutex<[Claim.ID: Waiter<Void>]>([:])

    init(roster: Roster, hasQuarantine: Bool, logger: Logger?) {
        self.roster = roster
        self.hasQuarantine = hasQuarantine
        self.logger = logger
        channel = String(UInt64.random(in: 1...UInt64.max), radix: 16)
        (hintStream, hinting) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(Self.hintsLimit))
    }

    /// The server's run id, as of the last connection.
    var run: String? { runID.withLock { $0 } }
    var mayFailOver: Bool { failsOver.load(ordering: .relaxed) }
    var isCluster: Bool { cluster.load(ordering: .relaxed) }

    /// `g <token> <id>`, or another letter and an id. On the event loop.
    func heard(_ push: [RESPValue]) {
        guard push.count == 3, case .bulk(let payload) = push[2] else { return }
        let words = payload.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self) }
        guard let letter = words.first, let last = words.last, let id = Claim.ID(last) else { return }
        switch letter {
        case "g":
            guard words.count == 3, let raw = Int64(words[1]), let token = FencingToken(rawValue: raw) else { return }
            roster.granted(id, token)
        case "b": bare.withLock { $0[id] }?.settle(.success(()))
        case "n": roster.hurry(id)
        case "a", "r": hinting.yield([id])
        default: break
        }
    }

    func connected(_ session: RedisSession) async throws(LockError) {
        cluster.store(session.server.mode == "cluster", ordering: .relaxed)
        _ = try await session.send(.subscribe(["holdfast:" + channel]))
        let facts = try await ServerFacts(session)
        runID.withLock { $0 = facts["run_id"] }
        if isCluster, hasQuarantine {
            throw LockError(.unsupported, "a cluster has no quarantine: its slots restart one by one")
        }
        if hasQuarantine, facts["run_id"] == nil {
            throw LockError(.denied, "a quarantine needs the server's run id: allow INFO to this user")
        }
        failsOver.store(isCluster || facts.replicas > 0, ordering: .relaxed)
        if !wasWarned.exchange(true, ordering: .relaxed) {
            for finding in facts.findings where finding.weight == .danger {
                logger?.warning(
                    "redis setting endangers locks",
                    metadata: [
                        "lock.setting": "\(finding.subject)", "lock.found": "\(finding.text)",
                        "lock.remedy": "\(finding.remedy ?? "")",
                    ])
            }
        }
        roster.hurryAll()
    }
}
#endif
