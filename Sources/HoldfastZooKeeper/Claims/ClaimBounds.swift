#if ZooKeeper
import Holdfast

/// What the backend allows itself, by name.
struct ClaimBounds: Sendable {
    var lives = LifeBounds()
    /// How often a place is begun anew where its parents vanish or its session turns out to be lost.
    var attemptsLimit = 16
    /// Between two attempts where the store cannot be reached.
    var retryPause: Duration = .milliseconds(200)
    /// A session that is asked for has at least so many ticks: of shorter ones too little can be relied on.
    var leastTicks = 10
    /// Requests of a listing or a search that are under way at once.
    var requestsAtOnce = 64
    /// Nodes that a listing, a search or an examination looks at.
    var nodesLimit = 100_000
    /// Peers' nodes that an examination names one by one.
    var namedLimit = 5
    /// The time to live of a session for listings, and for other clients' claims.
    var errandLife: Duration = .seconds(30)
    /// How often another client's claim is asked about that somebody awaits here.
    var pollPause: Duration = .milliseconds(50)
    /// A parent that has numbered so many is refused: the numbers are 32 bits wide.
    var sequenceLimit: Int64 = 2_147_000_000
    var records = RecordBounds()

    init() {
        // A quarter of a session's time, or a little less: a life is shorter than that.
        lives.renewalsPerLife = 3
    }
}
#endif
