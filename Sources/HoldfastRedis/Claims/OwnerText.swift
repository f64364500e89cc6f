#if Redis
import Holdfast

/// An owner as it stands in the store, for people to read and listings to show: ` <host> <pid> <program> <label>`.
enum OwnerText {
    static func text(_ owner: Owner) -> String {
        " " + Percent.encoded(owner.host) + " \(owner.processID) " + Percent.encoded(owner.program) + " "
            + Percent.encoded(owner.label)
    }

    /// - Parameter words: host, pid, program, label.
    static func owner(_ words: some Collection<Substring>) -> Owner? {
        let words = Array(words)
        guard words.count == 4, let host = Percent.decoded(words[0]), let processID = Int32(words[1]),
            let program = Percent.decoded(words[2]), let label = Percent.decoded(words[3])
        else { return nil }
        return Owner(host: host, processID: processID, program: program, label: label)
    }
}
#endif
