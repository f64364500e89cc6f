#if Redis
/// The verbs on the server, one script each.
///
/// They stand in files of their own, beside this code; a line `--@include name` is replaced by another file. They are
/// part of the program, which needs no files.
struct ScriptSet: Sendable {
    let place, remove, extend, renew, look, ask, annotate, list: Script
    let writeRecord, deleteRecord: Script

    /// - Parameters:
    ///   - peerTurns: after how many hand-offs the string is left free for a polling peer; 0 is never.
    ///   - hasQuarantine: whether scripts that grant look first whether the server has lost its data.
    init(peerTurns: Int = 0, hasQuarantine: Bool = false) {
        func granting(_ name: String, _ bytes: [UInt8]) -> Script {
            var text = Self.whole(bytes, peerTurns: peerTurns)
            if hasQuarantine { text = Self.guarded(text, refuses: name == "place") }
            return Script(name, text, isGuarded: hasQuarantine)
        }
        place = granting("place", PackageResources.place_lua)
        remove = granting("remove", PackageResources.remove_lua)
        extend = granting("extend", PackageResources.extend_lua)
        look = granting("look", PackageResources.look_lua)
        ask = granting("ask", PackageResources.ask_lua)
        annotate = granting("annotate", PackageResources.annotate_lua)
        renew = Script("renew", Self.whole(PackageResources.renew_lua, peerTurns: 0))
        list = Script("list", Self.whole(PackageResources.list_lua, peerTurns: 0))
        writeRecord = Script("record-write", Self.whole(PackageResources.record_write_lua, peerTurns: 0))
        deleteRecord = Script("record-delete", Self.whole(PackageResources.record_delete_lua, peerTurns: 0))
    }

    private static func guarded(_ text: String, refuses: Bool) -> String {
        let guarding = whole(PackageResources.calm_lua, peerTurns: 0)
        let refusal = refuses ? "if not isCalm then return { -5, 0, calmAt } end\n" : ""
        let lines = text.split(separator: "\n").map { $0.hasPrefix("local CALM = ") ? "local CALM = isCalm" : $0 }
        return guarding + "\n" + refusal + lines.joined(separator: "\n")
    }

    var all: [Script] { [place, remove, extend, renew, look, ask, annotate, list, writeRecord, deleteRecord] }

    private static let parts = [
        "claims": PackageResources.claims_lua, "renewal": PackageResources.renewal_lua,
        "batch": PackageResources.batch_lua,
    ]

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
