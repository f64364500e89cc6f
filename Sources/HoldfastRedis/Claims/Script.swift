#if Redis
import Holdfast

/// A script, and how it is called: by its digest, or by its text where the server does not know it.
struct Script: Sendable {
    /// For tests and messages.
    let name: String
    let text: String
    let digest: String
    /// For a claim on one key, which most are.
    private let byDigestOnOneKey: RedisCommand.Prefix
    private let byDigest: RedisCommand.Prefix
    private let byText: RedisCommand.Prefix

    init(_ name: String, _ text: String) {
        self.name = name
        self.text = text
        digest = SHA1.hex(Array(text.utf8))
        byDigestOnOneKey = RedisCommand.Prefix("EVALSHA", digest, "\(KeyNames.count)")
        byDigest = RedisCommand.Prefix("EVALSHA", digest)
        byText = RedisCommand.Prefix("EVAL", text)
    }

    /// A call; `write` appends the keys, then the arguments.
    func command(
        keys: Int, arguments: Int, inFull: Bool = false, _ write: (inout RedisCommand.Arguments) -> Void
    ) -> RedisCommand {
        if keys == KeyNames.count, !inFull {
            return RedisCommand(byDigestOnOneKey, count: keys + arguments, write)
        }
        return RedisCommand(inFull ? byText : byDigest, count: 1 + keys + arguments) { written in
            written.append(Int64(keys))
            write(&written)
        }
    }

    /// Whether a reply says that the server does not know the script.
    static func isUnknown(_ reply: RESPValue) -> Bool {
        guard case .error(let text) = reply else { return false }
        return text.hasPrefix("NOSCRIPT")
    }
}
#endif
