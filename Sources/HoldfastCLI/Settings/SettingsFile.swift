import Glibc

/// The configuration file: one `NAME=VALUE` a line, with the names that the environment has, and `#` comments.
///
/// Read before the first fork, so without concurrency. A file that somebody else may write is refused: it could lead
/// locks to another store.
enum SettingsFile {
    static let bytesLimit = 65_536

    /// The path, where there is such a file: `$HOLDFAST_CONFIG`, which must exist, else the user's, else the machine's.
    static func path(variable: (String) -> String?) -> (path: String, mustExist: Bool)? {
        if let path = variable("HOLDFAST_CONFIG"), !path.isEmpty { return (path, true) }
        var candidates: [String] = []
        if let folder = variable("XDG_CONFIG_HOME"), folder.hasPrefix("/") {
            candidates.append(folder + "/holdfast/holdfast.conf")
        } else if let home = variable("HOME"), home.hasPrefix("/") {
            candidates.append(home + "/.config/holdfast/holdfast.conf")
        }
        candidates.append("/etc/holdfast.conf")
        return candidates.first { access($0, F_OK) == 0 }.map { ($0, false) }
    }

    static func read(_ path: String, mustExist: Bool) throws(Failure) -> [String: String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT, !mustExist { return [:] }
            throw Failure(.usage, "cannot read the configuration file \(path): \(String(cString: strerror(errno)))")
        }
        defer { close(descriptor) }
        try checkOwner(descriptor, path)
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while case let count = Glibc.read(descriptor, &buffer, buffer.count), count > 0 {
            bytes += buffer[..<count]
            guard bytes.count <= bytesLimit else {
                throw Failure(.usage, "the configuration file \(path) has more than \(bytesLimit) bytes")
            }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw Failure(.usage, "the configuration file \(path) is not UTF-8")
        }
        return try parse(text, path)
    }

    /// - Parameter path: for messages, which never show a value: it may hold a password.
    static func parse(_ text: String, _ path: String) throws(Failure) -> [String: String] {
        var settings: [String: String] = [:]
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            let line = trimmed(line)
            guard let first = line.first, first != "#" else { continue }
            let place = "\(path), line \(index + 1)"
            guard let equals = line.firstIndex(of: "=") else {
                throw Failure(.usage, "\(place): write NAME=VALUE")
            }
            let name = String(trimmed(line[..<equals]))
            guard Setting(rawValue: name) != nil else {
                let known = Setting.allCases.map(\.rawValue).joined(separator: ", ")
                throw Failure(.usage, "\(place): no setting \"\(name)\"; there are \(known)")
            }
            let value = unquoted(trimmed(line[line.index(after: equals)...]))
            guard settings.updateValue(value, forKey: name) == nil else {
                throw Failure(.usage, "\(place): \(name) is set twice")
            }
        }
        return settings
    }

    private static func checkOwner(_ descriptor: Int32, _ path: String) throws(Failure) {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw Failure(.usage, "the configuration file \(path) is not a regular file")
        }
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw Failure(.usage, "the configuration file \(path) belongs to another user; copy it")
        }
        guard status.st_mode & (S_IWGRP | S_IWOTH) == 0 else {
            throw Failure(.usage, "the configuration file \(path) may be written by others: chmod go-w \(path)")
        }
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return text.drop { $0.isWhitespace }
    }

    /// As a shell's: what stands in a pair of quotes.
    private static func unquoted(_ text: Substring) -> String {
        guard text.count >= 2, let first = text.first, first == "\"" || first == "'", text.last == first else {
            return String(text)
        }
        return String(text.dropFirst().dropLast())
    }
}
