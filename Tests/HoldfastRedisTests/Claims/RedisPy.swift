#if Redis
import Foundation
import ServerKit

@testable import HoldfastRedis

/// redis-py's own `Lock`, as its users call it.
struct RedisPy {
    let server: RedisServer

    private static let program = """
        import sys
        try:
            import redis
        except ImportError:
            sys.exit("redis-py is missing: pip install redis")
        socket, verb, name, token, seconds = sys.argv[1:6]
        client = redis.Redis(unix_socket_path=socket)
        lock = client.lock(name, timeout=30)
        if verb == "acquire":
            blocking = float(seconds) > 0
            ok = lock.acquire(blocking=blocking, blocking_timeout=float(seconds) if blocking else None)
            print(lock.local.token.decode() if ok else "")
        elif verb == "release":
            lock.local.token = token.encode()
            try:
                lock.release()
                print("released")
            except redis.exceptions.LockError as error:
                print("not owned")
        """

    /// - Parameter name: the string's name, with its prefix.
    /// - Returns: the lock's secret; `nil` where it is held by another.
    func acquire(_ name: String, within seconds: Double = 0) async throws -> String? {
        let answer = try await run("acquire", name, "", seconds)
        return answer.isEmpty ? nil : answer
    }

    func release(_ name: String, _ token: String) async throws -> Bool {
        try await run("release", name, token, 0) == "released"
    }

    /// On a thread of its own: tests have few.
    private func run(_ verb: String, _ name: String, _ token: String, _ seconds: Double) async throws -> String {
        let socket = server.socket
        let result: Result<String, any Error> = await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    returning: Result {
                        try Shell.run("python3", "-c", Self.program, socket, verb, name, token, "\(seconds)")
                            .trimmingCharacters(in: .whitespacesAndNewlines)
                    })
            }
        }
        return try result.get()
    }
}
#endif
