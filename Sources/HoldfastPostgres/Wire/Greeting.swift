#if Postgres
import Holdfast

/// Why no session was opened, from what libpq says: it gives a text alone.
enum Greeting {
    /// - Parameters:
    ///   - message: on one line, in libpq's verbose form, with the server's code where the server refused.
    ///   - wantsPassword: whether the server asked for one that was not there.
    static func failure(_ message: String, wantsPassword: Bool, _ target: String) -> LockError {
        let said = message.split(separator: " LOCATION: ").first.map(String.init) ?? "the connection was lost"
        if let state = state(message), !wantsPassword {
            let (code, remedy) = PostgresFault(state: state, message: said).meaning
            return LockError(code, "\(target): \(said)\(remedy.isEmpty ? "" : "; \(remedy)")")
        }
        let isDenied = wantsPassword || own.contains { message.contains($0) }
        return LockError(isDenied ? .denied : .unavailable, "\(target): \(said)")
    }

    /// `FATAL: 28P01: password authentication failed`: five letters and digits, whatever the language.
    static func state(_ message: String) -> String? {
        let words = message.split(separator: " ")
        return words.lazy.filter { word in
            word.utf8.count == 6 && word.utf8.last == UInt8(ascii: ":")
                && word.utf8.dropLast().allSatisfy { 0x30...0x39 ~= $0 || 0x41...0x5A ~= $0 }
                && word.utf8.contains { 0x30...0x39 ~= $0 }
        }.first.map { String($0.dropLast()) }
    }

    /// What libpq itself finds; this process sets no language.
    private static let own = [
        "certificate verify failed", "does not match host name", "server does not support SSL",
        "could not read root certificate file", "could not load private key file", "could not read certificate file",
        "has group or world access",
    ]
}
#endif
