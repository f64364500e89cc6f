import Foundation
import FoundationNetworking
import Testing

/// Sends a request as any client does, and with any header.
enum Client {
    struct Answer: Sendable {
        let status: Int
        let body: String
    }

    static func send(
        _ method: String, _ path: String, port: Int, tokens: [String] = [], _ body: String = ""
    ) async throws -> Answer {
        let url = try #require(URL(string: "http://127.0.0.1:\(port)\(path)"))
        var request = URLRequest(url: url)
        request.httpMethod = method
        if method != "GET" { request.httpBody = Data(body.utf8) }
        // Two of them go out as one list, which means the same.
        for token in tokens { request.addValue(token, forHTTPHeaderField: "Fencing-Token") }
        return try await withCheckedThrowingContinuation { [request] continuation in
            URLSession.shared.dataTask(with: request) { data, response, error in
                guard let status = (response as? HTTPURLResponse)?.statusCode else {
                    return continuation.resume(throwing: error ?? URLError(.badServerResponse))
                }
                continuation.resume(
                    returning: Answer(status: status, body: String(decoding: data ?? Data(), as: UTF8.self)))
            }.resume()
        }
    }
}
