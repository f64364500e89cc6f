#if Redis
import Holdfast
import Testing

@testable import HoldfastRedis

struct ServerFaultTests {
    static let table: [(String, LockError.Code?)] = [
        ("READONLY You can't write against a read only replica.", .unavailable),
        ("LOADING Redis is loading the dataset in memory", .unavailable),
        ("OOM command not allowed when used memory > 'maxmemory'.", .unavailable),
        ("OOM command not allowed when used memory > 'maxmemory'. script: abc, on @user_script:1.", .unavailable),
        ("MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist", .unavailable),
        ("BUSY Redis is busy running a script. You can only call SCRIPT KILL or SHUTDOWN NOSAVE.", .unavailable),
        ("MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", .unavailable),
        ("NOREPLICAS Not enough good replicas to write.", .unavailable),
        ("CLUSTERDOWN The cluster is down", .unavailable), ("CLUSTERDOWN Hash slot not served", .unavailable),
        ("TRYAGAIN Multiple keys request during rehashing of slot", .unavailable),
        ("EXECABORT Transaction discarded because of previous errors.", .unavailable),
        ("ERR max number of clients reached", .unavailable),
        ("ERR max number of clients + cluster connections reached", .unavailable),
        ("NOAUTH Authentication required.", .denied),
        ("WRONGPASS invalid username-password pair or user is disabled.", .denied),
        ("NOPERM this user has no permissions to run the 'set' command", .denied),
        ("NOPERM User locks has no permissions to access the 'lock:a' key", .denied),
        ("DENIED Redis is running in protected mode because protected mode is enabled", .denied),
        ("MOVED 3999 127.0.0.1:6381", .unsupported), ("ASK 3999 127.0.0.1:6381", .unsupported),
        ("CROSSSLOT Keys in request don't hash to the same slot", .unsupported),
        ("NOSCRIPT No matching script. Please use EVAL.", nil),
        ("WRONGTYPE Operation against a key holding the wrong kind of value", nil),
        ("ERR unknown command 'x'", nil), ("ERR value is not an integer or out of range", nil), ("", nil),
        ("BUSYKEY Target key name already exists.", nil), ("READONLYISH no", nil),
        // Redis 6.2 wraps what a script's command says.
        (
            "ERR Error running script (call to f_0123): @user_script:1: @user_script: 1: -READONLY You can't write "
                + "against a read only replica.", .unavailable
        ),
        (
            "ERR Error running script (call to f_0123): @user_script:1: -OOM command not allowed when used memory > "
                + "'maxmemory'.", .unavailable
        ),
        (
            "ERR Error running script (call to f_0123): @user_script:1: WRONGTYPE Operation against a key holding the "
                + "wrong kind of value", nil
        ),
        ("ERR Error running script (call to f_0123): @user_script:1: user_script:1: attempt to index a nil value", nil),
    ]

    @Test(arguments: table)
    func `an error of the server is what it is, and never busy`(text: String, code: LockError.Code?) {
        let error = ServerFault.error(for: text)
        #expect(error?.code == code)
        let any = ServerFault.anyError(for: text)
        #expect(any.code != .busy && !any.message.isEmpty)
    }

    @Test func `a replica and a server without room end the connection`() {
        let ends = Self.table.map(\.0).filter(ServerFault.endsConnection)
        #expect(ends.count == 6, "\(ends)")
    }

    @Test func `a long error is shortened`() {
        let error = ServerFault.anyError(for: "ERR " + String(repeating: "x", count: 100_000))
        #expect(error.message.utf8.count < 1_000)
    }
}
#endif
