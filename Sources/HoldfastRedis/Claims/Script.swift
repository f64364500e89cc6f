#if Redis
import Holdfast

/// A script, and how it is called: by its digest, or by its text where the server does not know it.
struct Script: Sendable {
    /// For tests and messages.
    let name: String
    let text: String
    let digest: String
    /// Whether it is told of the epoch, and begins by looking at it.
    let isGuarded: Bool
    /// For a claim on one key, which most are.
    private let byDigestOnOneKey: RedisCommand.Prefix
    private let byDigest: RedisCommand.Prefix
    private let byText: RedisCommand.Prefix

    init(_ name: String, _ text: String, isGuarded: Bool = false) {
        self.name = name
        self.isGuarded = isGuarded
        self.text = text
        digest = SHA1.hex(Array(text.utf8))
        byDigestOnOneKey = RedisCommand.Prefix("EVALSHA", digest, "\(KeyNames.count)")
        byDigest = RedisCommand.Prefix("EVALSHA", digest)
        byText = RedisCommand.Prefix("EVAL", text)
    }

    /// A call; `write` appends the keys, then the arguments.
    func command(
        keys: Int, arguments: Int, inFull: Bool = false, epoch: Epoch? = nil,
        _ write: (inout RedisCommand.Arguments) -> Void
    ) -> RedisCommand {
        guard let epoch, isGuarded else {
            if keys == KeyNames.count, !inFull {
                return RedisCommand(byDigestOnOneKey, count: keys + arguments, write)
            }
            return RedisCommand(inFull ? byText : byDigest, count: 1 + keys + arguments) { written in
                written.append(Int64(keys))
                write(&written)
            }
        }
        return RedisCommand(inFull ? byText : byDigest, count: 4 + keys + arguments) { written in
            written.append(Int64(keys + 1))
            written.append(Epoch.key)
            write(&written)
            written.append(epoch.run)
            written.append(epoch.quarantine)
        }
    }

    /// Whether a reply says that the server does not know the script.
    static func isUnknown(_ reply: RESPValue) -> Bool {
        guard case .error(let text) = reply else { return false }
        return text.hasPrefix("NOSCRIPT")
    }
}

/// One life of the server, and how long nothing is granted at its beginning.
struct Epoch: Sendable {
    static let key = "holdfast:epoch"

    let run: String
    /// In milliseconds.
    let quarantine: Int64
}
#endif
