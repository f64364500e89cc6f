#if Postgres
import Holdfast

/// What the client of a server allows itself, by name.
struct PostgresBounds: Sendable {
    /// Between two attempts to connect, doubling.
    var firstBackoff: Duration = .milliseconds(100)
    var lastBackoff: Duration = .seconds(5)
    /// Batches under way on one session; more wait here.
    var batchesPerSession = 64
    /// Callers that wait for a session.
    var waitersLimit = 100_000
    /// Attempts of a transaction that the server breaks off for another's sake.
    var attemptsLimit = 6
    /// The pause between them, at most, times the attempts so far.
    var retryPause: Duration = .milliseconds(10)
    /// A claim that begins to be awaited is looked at after so long.
    var firstLook: Duration = .milliseconds(50)
    /// How often awaited claims are looked at where each hand-over is told.
    var listeningLook: Duration = .seconds(1)
    /// How often at most, where none is told: longer and longer up to this.
    var deafLook: Duration = .milliseconds(500)
    /// Claims in one look.
    var claimsPerLook = 1_000
    /// How often what nobody asks for is looked through.
    var sweepInterval: Duration = .seconds(15)
    var claimsPerSweep = 64
    /// Sessions for records, at most, beside those that have named locks.
    var recordSessions = 2
    /// The listening session is tried this often.
    var pingInterval: Duration = .seconds(10)
    /// Hints that nobody takes are dropped beyond this many: the next renewal tells the same.
    var hintsLimit = 1024

    /// How long to wait before another attempt to connect, with jitter.
    func backoff(_ failures: Int) -> Duration {
        min(lastBackoff, firstBackoff * (1 << min(failures, 16))) * Double.random(in: 0.5...1)
    }
}
#endif
