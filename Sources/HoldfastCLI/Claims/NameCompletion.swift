import ArgumentParser
import Holdfast

/// The names that a shell may offer for completion.
///
/// Shells expand what they are offered: a name such as `$(reboot)`, which anybody may claim, would be run at a press of
/// Tab. So only names of harmless characters are offered. A colon, an equals sign and a comma have meanings of their
/// own on a command line.
enum NameCompletion {
    static let namesLimit = 1000

    static let command = "holdfast ls --names-for-completion 2>/dev/null"
    static let kind = CompletionKind.shellCommand(command)

    static func names(of records: [ClaimRecord]) -> [String] {
        var names: [String] = []
        // Sorted by key: the same name stands in a row.
        for record in records where isHarmless(record.key.text) && record.key.text != names.last {
            names.append(record.key.text)
        }
        return Array(names.prefix(namesLimit))
    }

    static func isHarmless(_ name: String) -> Bool {
        guard !name.hasPrefix("-") else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"),
                UInt8(ascii: "/"), UInt8(ascii: "@"), UInt8(ascii: "+"), UInt8(ascii: "%"):
                true
            default: false
            }
        }
    }
}
