import Foundation
import FoundationNetworking
import HTTPTypes
import HTTPTypesFoundation
import Holdfast
import HoldfastHTTP
import HoldfastStores

/// Adds 1 to a balance over HTTP under a lock: reads it, may be stopped, and writes with its token.
///
/// `FenceProbe STORE PORT stops|goes`. Says the status of the answer to its write, and whether the lock was lost.
@main
enum FenceProbe {
    struct Unexpected: Error { let answer: String }

    static func main() async throws {
        let arguments = CommandLine.arguments
        let (store, port, stops) = (arguments[1], arguments[2], arguments[3] == "stops")
        let balance = HTTPRequest(method: .get, scheme: "http", authority: "127.0.0.1:\(port)", path: "/balance")
        do {
            try await LockClient.withClient(backend: try StoreURL(store).open()) { locks in
                try await locks.withLock("balance", options: LockOptions(timeToLive: .seconds(1))) { lease in
                    let seen = try await answer(to: balance).body
                    guard let value = Int(seen) else { throw Unexpected(answer: seen) }
                    if stops {
                        say("stopped at \(value)")
                        // Every thread of this process, until somebody continues it: a frozen machine, a long pause.
                        raise(SIGSTOP)
                    }
                    var request = balance
                    request.method = .put
                    request.headerFields.fencingToken = lease.token
                    say("\(try await answer(to: request, sending: "\(value + 1)").status)")
                }
            }
        } catch let error as LockError where error.code == .leaseLost {
            say("lost")
        }
    }

    /// Deaf to cancellation, as a request is that is on its way already.
    private static func answer(
        to request: HTTPRequest, sending body: String? = nil
    ) async throws -> (status: Int, body: String) {
        guard var request = URLRequest(httpRequest: request) else { throw Unexpected(answer: "no URL") }
        request.httpBody = body.map { Data($0.utf8) }
        return try await withCheckedThrowingContinuation { continuation in
            URLSession.shared.dataTask(with: request) { data, response, error in
                guard let status = (response as? HTTPURLResponse)?.statusCode else {
                    return continuation.resume(throwing: error ?? Unexpected(answer: "none"))
                }
                continuation.resume(returning: (status, String(decoding: data ?? Data(), as: UTF8.self)))
            }.resume()
        }
    }

    private static func say(_ text: String) {
        print(text)
        fflush(nil)
    }
}
