import Glibc
package import Holdfast
import Synchronization

/// Looks names up on a thread of its own: the system's resolver blocks for as long as it likes.
package enum NameLookup {
    /// Lookups at a time; more say that the resolver hangs.
    private static let lookupsLimit = 16
    private static let underWay = Atomic<Int>(0)

    private final class Question: Sendable {
        let host: String
        let answer: CheckedContinuation<Result<[String], LockError>, Never>

        init(_ host: String, _ answer: CheckedContinuation<Result<[String], LockError>, Never>) {
            self.host = host
            self.answer = answer
        }
    }

    /// The addresses of a host, in the resolver's order; the host itself where it is an address already.
    ///
    /// - Throws: ``LockError/Code/unavailable`` with the resolver's reason.
    package static func addresses(of host: String) async throws(LockError) -> [String] {
        guard !isAddress(host) else { return [host] }
        guard underWay.wrappingAdd(1, ordering: .relaxed).newValue <= lookupsLimit else {
            underWay.wrappingSubtract(1, ordering: .relaxed)
            throw LockError(.unavailable, "\(lookupsLimit) lookups of host names hang: is the resolver there?")
        }
        let outcome = await withCheckedContinuation { answer in
            let question = Unmanaged.passRetained(Question(host, answer))
            var thread = pthread_t()
            let status = pthread_create(
                &thread, nil,
                { context in
                    guard let context else { return nil }
                    let question = Unmanaged<Question>.fromOpaque(context).takeRetainedValue()
                    question.answer.resume(returning: NameLookup.look(question.host))
                    return nil
                }, question.toOpaque())
            if status == 0 {
                pthread_detach(thread)
            } else {
                question.release()
                let reason = String(cString: strerror(status))
                answer.resume(returning: .failure(LockError(.unavailable, "no thread to look a name up: \(reason)")))
            }
        }
        underWay.wrappingSubtract(1, ordering: .relaxed)
        return try outcome.get()
    }

    private static func isAddress(_ host: String) -> Bool {
        var four = in_addr()
        var six = in6_addr()
        return inet_pton(AF_INET, host, &four) == 1 || inet_pton(AF_INET6, host, &six) == 1
    }

    private static func look(_ host: String) -> Result<[String], LockError> {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var list: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else {
            return .failure(LockError(.unavailable, "\(host): \(String(cString: gai_strerror(status)))"))
        }
        defer { freeaddrinfo(list) }
        var addresses: [String] = []
        var next = list
        while let entry = next?.pointee {
            var text = [CChar](repeating: 0, count: Int(NI_MAXHOST))
            if getnameinfo(entry.ai_addr, entry.ai_addrlen, &text, socklen_t(text.count), nil, 0, NI_NUMERICHOST) == 0 {
                let bytes = text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
                addresses.append(String(decoding: bytes, as: UTF8.self))
            }
            next = entry.ai_next
        }
        return .success(addresses)
    }
}
