import Holdfast

extension ClaimRecord {
    /// `held` or `waiting`.
    var state: String { isHeld ? "held" : "waiting" }

    var json: JSON { .object(members) }

    /// What `ls`, `show`, `who`, `watch` and `break` say of a claim on one key. Tokens are text, since they outgrow a
    /// double.
    var members: [(String, JSON)] {
        [
            ("key", .string(key.text)), ("state", .string(state)), ("mode", .string("\(mode)")),
            ("owner", owner.json), ("age_ms", .integer(age.milliseconds)),
            ("token", token.map { .string("\($0)") } ?? .null), ("time_left_ms", .integer(remaining.milliseconds)),
            ("asked", .boolean(isAsked)), ("id", .string("\(id)")), ("note", .string(note.text)),
        ]
    }
}

extension Owner {
    var json: JSON {
        .object([
            ("host", .string(host)), ("pid", .integer(Int64(processID))), ("program", .string(program)),
            ("label", .string(label)),
        ])
    }
}
