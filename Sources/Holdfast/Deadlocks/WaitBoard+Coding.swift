extension WaitBoard {
    /// What stands on a key's board; nothing where there is no record.
    init(_ record: Record?, of key: LockKey) throws(LockError) {
        guard let record else { return }
        self = try RecordCoding.decode(record.value, for: key)
    }
}

/// A board's entries as they stand in a record: JSON with short names, claims as text.
extension WaitBoard.Entry {
    private enum CodingKeys: String, CodingKey {
        case claim = "c"
        case isShared = "s"
        case host, processID = "pid", program, label
        case waiting = "w"
        case key = "k"
        case since = "t"
        case beat = "b"
        case writtenAt = "at"
    }

    init(from decoder: any Decoder) throws {
        let values = try decoder.container(keyedBy: CodingKeys.self)
        func claim(_ key: CodingKeys) throws -> Claim.ID {
            let text = try values.decode(String.self, forKey: key)
            guard let id = Claim.ID(text) else {
                throw DecodingError.dataCorruptedError(forKey: key, in: values, debugDescription: "no claim: \(text)")
            }
            return id
        }
        self.init(
            claim: try claim(.claim), isShared: try values.decode(Bool.self, forKey: .isShared),
            owner: Owner(
                host: try values.decode(String.self, forKey: .host),
                processID: try values.decode(Int32.self, forKey: .processID),
                program: try values.decode(String.self, forKey: .program),
                label: try values.decode(String.self, forKey: .label)),
            wait: ClaimNote.Wait(
                claim: try claim(.waiting), key: LockKey(unchecked: try values.decode(String.self, forKey: .key)),
                since: try values.decode(Int64.self, forKey: .since)),
            beat: try values.decode(Int.self, forKey: .beat),
            writtenAt: try values.decode(Int64.self, forKey: .writtenAt))
    }

    func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode("\(claim)", forKey: .claim)
        try values.encode(isShared, forKey: .isShared)
        try values.encode(owner.host, forKey: .host)
        try values.encode(owner.processID, forKey: .processID)
        try values.encode(owner.program, forKey: .program)
        try values.encode(owner.label, forKey: .label)
        try values.encode("\(wait.claim)", forKey: .waiting)
        try values.encode(wait.key.text, forKey: .key)
        try values.encode(wait.since, forKey: .since)
        try values.encode(beat, forKey: .beat)
        try values.encode(writtenAt, forKey: .writtenAt)
    }
}
