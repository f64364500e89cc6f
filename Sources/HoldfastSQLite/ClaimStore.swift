#if SQLite
import Holdfast
import HoldfastSQL

/// The steps of the claim rule on a store's tables, inside one transaction at a time.
final class ClaimStore {
    /// Beyond this many processes before a claim, the rest are looked at when they stand first.
    static let processesLookedAt = 64
    /// A listing looks whether so many processes still live.
    static let processesListed = 1024
    /// How soon to look again at a claim that only its owner's end can free.
    static let orphanInterval: Int64 = 1_000_000_000

    /// A transaction that must not grant found that it would: it is to be done again, durably.
    struct NeedsDurability: Error {}

    struct Statements {
        let readMeta, writeMeta, readClaim, insertClaim, deleteClaim, extendClaim, askClaim: Statement
        let annotateClaim, unblockClaim: Statement
        let grantClaim, readState, insertPart, deletePart, firstBlockedPart, clearPart: Statement
        let readQueue, writeQueue, deleteQueue, lastPart, firstPart, firstProcesses, expiredClaims,
            nextExpiry: Statement
        let claimsOfProcess, processes, list, dataVersion: Statement
        let begin, commit: Statement
    }

    let sql: Statements
    let process: Int64
    let prefix: String
    let directory: OwnerDirectory
    let records: RecordRows

    /// What the transaction knows and has done so far.
    var now: Int64 = 0
    var mayGrant = true
    var granted: [(id: Claim.ID, grant: Grant)] = []
    var gone: [Claim.ID] = []
    /// Other processes that are to be woken, and what for.
    var woken: [Int64: OwnerDirectory.Push] = [:]
    private var lives: [Int64: OwnerDirectory.Life] = [:]
    private var token: Int64 = 0
    private var place: Int64 = 0
    private(set) var nextExpiry: Int64 = .max
    private var isMetaChanged = false

    /// - Parameter wallClock: microseconds since 1970; what the lives of records are counted on.
    init(
        _ database: Database, process: Int64, prefix: String, directory: OwnerDirectory,
        wallClock: @escaping @Sendable () -> Int64 = { BootClock.wallMicroseconds }
    ) throws(LockError) {
        typealias S = ClaimStatements
        sql = Statements(
            readMeta: try database.prepare(S.readMeta), writeMeta: try database.prepare(S.writeMeta),
            readClaim: try database.prepare(S.readClaim), insertClaim: try database.prepare(S.insertClaim),
            deleteClaim: try database.prepare(S.deleteClaim), extendClaim: try database.prepare(S.extendClaim),
            askClaim: try database.prepare(S.askClaim), annotateClaim: try database.prepare(S.annotateClaim),
            unblockClaim: try database.prepare(S.unblockClaim),
            grantClaim: try database.prepare(S.grantClaim), readState: try database.prepare(S.readState),
            insertPart: try database.prepare(S.insertPart), deletePart: try database.prepare(S.deletePart),
            firstBlockedPart: try database.prepare(S.firstBlockedPart),
            clearPart: try database.prepare(S.clearPart),
            readQueue: try database.prepare(S.readQueue), writeQueue: try database.prepare(S.writeQueue),
            deleteQueue: try database.prepare(S.deleteQueue),
            lastPart: try database.prepare(S.lastPart), firstPart: try database.prepare(S.firstPart),
            firstProcesses: try database.prepare(S.firstProcesses),
            expiredClaims: try database.prepare(S.expiredClaims), nextExpiry: try database.prepare(S.nextExpiry),
            claimsOfProcess: try database.prepare(S.claimsOfProcess), processes: try database.prepare(S.processes),
            list: try database.prepare(S.list),
            dataVersion: try database.prepare("PRAGMA data_version"),
            begin: try database.prepare("BEGIN IMMEDIATE"), commit: try database.prepare("COMMIT"))
        self.process = process
        self.prefix = prefix
        self.directory = directory
        records = RecordRows(database, prefix: prefix, wallClock: wallClock)
    }

    /// Begins a transaction's work: reads the counters, and removes what has expired.
    func begin(now: Int64, mayGrant: Bool) throws {
        self.now = now
        self.mayGrant = mayGrant
        granted = []
        gone = []
        woken = [:]
        lives = [:]
        isMetaChanged = false
        records.begin()
        defer { sql.readMeta.reset() }
        guard try sql.readMeta.step() else { throw LockError(.storeUnusable, "the store is damaged: no meta row") }
        token = sql.readMeta.integer(0)
        place = sql.readMeta.integer(1)
        nextExpiry = sql.readMeta.integer(2)
        if now >= nextExpiry { try expire() }
    }

    /// Ends a transaction's work: writes the counters.
    func end() throws {
        try records.end()
        guard isMetaChanged else { return }
        sql.writeMeta.bind(1, token)
        sql.writeMeta.bind(2, place)
        sql.writeMeta.bind(3, nextExpiry)
        try sql.writeMeta.run()
    }

    /// Reads again when the next claim expires: another process may have seen to what was due.
    func refreshNextExpiry() throws {
        defer { sql.readMeta.reset() }
        if try sql.readMeta.step() { nextExpiry = sql.readMeta.integer(2) }
    }

    func life(of process: Int64) -> OwnerDirectory.Life {
        if process == self.process { return .lives }
        if let life = lives[process] { return life }
        let life = directory.life(of: process)
        lives[process] = life
        return life
    }

    func wake(_ process: Int64, _ push: OwnerDirectory.Push) {
        guard process != self.process else { return }
        if woken[process] != .look { woken[process] = push }
    }

    func nextPlace() -> Int64 {
        place += 1
        isMetaChanged = true
        return place
    }

    func noteExpiry(_ at: Int64) {
        guard at < nextExpiry else { return }
        nextExpiry = at
        isMetaChanged = true
    }

    func drawToken() throws -> FencingToken {
        guard mayGrant else { throw NeedsDurability() }
        let next = try FencingToken(rawValue: token)?.next() ?? FencingToken(rawValue: 1)
        guard let next else { throw LockError(.storeUnusable, "the store's token counter is damaged") }
        token = next.rawValue
        isMetaChanged = true
        return next
    }

    /// Removes the claims whose life is over, but for those that programs keep which outlived their keeper.
    private func expire() throws {
        var expired: [(Claim.ID, Int64, Bool)] = []
        sql.expiredClaims.bind(1, now)
        while try sql.expiredClaims.step() {
            expired.append((sql.expiredClaims.id(0), sql.expiredClaims.integer(2), !sql.expiredClaims.isNull(3)))
        }
        sql.expiredClaims.reset()
        var keepsOrphans = false
        for (id, process, isHeld) in expired {
            // A keeper that hangs keeps nothing; a program that runs, or is frozen in mid-write, does.
            if isHeld, directory.hasProgram(process) {
                keepsOrphans = true
                continue
            }
            try drop(id)
            wake(process, .look)
        }
        sql.nextExpiry.bind(1, now)
        defer { sql.nextExpiry.reset() }
        let next = try sql.nextExpiry.step() && !sql.nextExpiry.isNull(0) ? sql.nextExpiry.integer(0) : .max
        nextExpiry = keepsOrphans ? min(next, now + Self.orphanInterval) : next
        isMetaChanged = true
    }
}
#endif
