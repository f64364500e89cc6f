#if Redis
/// The verbs on the server, one script each.
///
/// They stand in files of their own, beside this code; a line `--@include name` is replaced by another file. They are
/// part of the program, which needs no files.
struct ScriptSet: Sendable {
    let place, remove, extend, renew, look, ask, list: Script

    /// - Parameter peerTurns: after how many hand-offs the string is left free for a polling peer; 0 is never.
    init(peerTurns: Int = 0) {
        func script(_ name: String, _ bytes: [UInt8]) -> Script {
            Script(name, Self.whole(bytes, peerTurns: peerTurns))
        }
        place = script("place", PackageResources.place_lua)
        remove = script("remove", PackageResources.remove_lua)
        extend = script("extend", PackageResources.extend_lua)
        renew = script("renew", PackageResources.renew_lua)
        look = script("look", PackageResources.look_lua)
        ask = script("ask", PackageResources.ask_lua)
        list = script("list", PackageResources.list_lua)
    }

    var all: [Script] { [place, remove, extend, renew, look, ask, list] }

    private static let parts = ["claims": PackageResources.claims_lua, "renewal": PackageResources.renewal_lua]

    /// The text with what it includes, without its comments: the server need not read them.
    static func whole(_ bytes: [UInt8], peerTurns: Int) -> String {
        var lines: [Substring] = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            if line.hasPrefix("--@include ") {
                guard let part = parts[String(line.dropFirst(11))] else { preconditionFailure("no script \(line)") }
                lines.append(Substring(whole(part, peerTurns: peerTurns)))
            } else if line.hasPrefix("local PEER_TURNS = ") {
                lines.append("local PEER_TURNS = \(peerTurns)")
            } else if !line.drop(while: { $0 == " " }).hasPrefix("--") {
                lines.append(line)
            }
        }
        return lines.joined(separator: "\n")
    }
}
#endif
