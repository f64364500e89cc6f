#if ZooKeeper
/// What ZooKeeper takes as a path.
package enum NodePath {
    /// What is wrong with a part between two slashes; `nil` for nothing.
    package static func problem(withName name: some StringProtocol) -> String? {
        if name.isEmpty { return "it has an empty part" }
        if name == "." || name == ".." { return "it has a part that is . or .." }
        guard let scalar = name.unicodeScalars.first(where: { !isTaken($0) }) else { return nil }
        return "ZooKeeper takes no U+\(String(scalar.value, radix: 16, uppercase: true)) in a path"
    }

    /// What is wrong with `/one/two`; `nil` for nothing. The root is empty here.
    package static func problem(with path: some StringProtocol) -> String? {
        if path.isEmpty { return nil }
        guard path.hasPrefix("/") else { return "it does not begin with a slash" }
        for name in path.dropFirst().split(separator: "/", omittingEmptySubsequences: false) {
            if let problem = problem(withName: name) { return problem }
        }
        return nil
    }

    /// As the servers' own `PathUtils` has it: by UTF-16, so that what stands beyond its first plane is surrogates.
    private static func isTaken(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1F, 0x7F...0x9F, 0xD800...0xF8FF, 0xFFF0...0xFFFF, 0x1_0000...: false
        default: true
        }
    }
}
#endif
