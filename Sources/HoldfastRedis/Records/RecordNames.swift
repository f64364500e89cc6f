#if Redis
import Holdfast

/// The names of the two keys that stand for one record, in one hash slot: no claim's key has such a name.
struct RecordNames: Sendable, Hashable {
    /// How many there are.
    static let count = 2

    /// `<version> <value>`.
    let record: String
    /// The last version, for when the record is gone.
    let version: String

    /// As the side keys of claims, with other ends. Behind a name with a hash tag of its own stands a mark that no
    /// encoded name has.
    ///
    /// - Parameter string: what a claim's key of this name would be, percent-encoded also where claims' names are raw.
    init(string: String) {
        let stem = KeyNames.hasTag(string) ? string + "!hf." : KeyNames.stem(of: string)
        record = stem + "r"
        version = stem + "v"
    }
}

extension NameCodec {
    func names(ofRecord key: LockKey) -> RecordNames { RecordNames(string: prefix + Percent.encoded(key.text)) }
}
#endif
