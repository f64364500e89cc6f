#if ZooKeeper
import Holdfast

/// What the records allow themselves, by name.
struct RecordBounds: Sendable {
    /// How often a verb is begun anew where others change the record, its parents vanish, or the session is lost.
    var attemptsLimit = 16
    /// A node that was changed so often is replaced by a new one: ZooKeeper counts changes in 32 bits.
    var changesLimit: Int32 = 2_000_000_000
    /// What an answer told of the leader's clock is relied on for so long.
    var clockTrust: Duration = .seconds(60)
    /// Between two sweeps, of all clients together.
    var sweepInterval: Duration = .seconds(600)
    /// A client that has made so many records that have a life sweeps in any case.
    var creationsPerSweep = 64
    /// Records that one sweep reads: more than were made since the last one.
    var recordsPerSweep = 256
    /// Folders that one sweep lists.
    var foldersPerSweep = 32
    /// A larger folder is not listed.
    var listedLimit = 100_000

    init() {}
}
#endif
