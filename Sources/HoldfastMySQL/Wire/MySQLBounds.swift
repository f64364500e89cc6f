#if MySQL
import Holdfast

/// What the client of a server allows itself, by name.
struct MySQLBounds: Sendable {
    /// Between two attempts to connect, doubling.
    var firstBackoff: Duration = .milliseconds(100)
    var lastBackoff: Duration = .seconds(5)
    /// Callers that wait for a session.
    var waitersLimit = 100_000
    /// Names in one request.
    var namesPerRequest = 256
    /// How often keys are tried that no session is left to wait for.
    var pollInterval: Duration = .milliseconds(100)
    /// A session that nobody uses is ended after so long.
    var idleLimit: Duration = .seconds(60)
    /// Attempts of a request that the server breaks off for another's sake.
    var attemptsLimit = 6
    /// The pause between them, at most, times the attempts so far.
    var retryPause: Duration = .milliseconds(10)
    /// A claim in the table that begins to be awaited is looked at after so long, then less and less often.
    var firstLook: Duration = .milliseconds(20)
    var lastLook: Duration = .milliseconds(250)
    /// Claims in one look.
    var claimsPerLook = 500
    /// How often what nobody asks for is looked through, by each client.
    var sweepInterval: Duration = .seconds(15)
    var namesPerSweep = 64
    var batchesPerSweep = 64
    /// Sessions for records beside those of named locks.
    var recordSessions = 4
    /// Hints that nobody takes are dropped beyond this many: the next renewal tells the same.
    var hintsLimit = 1024

    /// How long to wait before another attempt to connect, with jitter.
    func backoff(_ failures: Int) -> Duration {
        min(lastBackoff, firstBackoff * (1 << min(failures, 16))) * Double.random(in: 0.5...1)
    }
}
#endif
