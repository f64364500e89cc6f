import Glibc
import Holdfast

/// A password that does not stand in the URL, where `ps` would show it: from the environment, or from a file.
enum StoreSecret {
    /// The password itself.
    static let variable = "HOLDFAST_STORE_PASSWORD"
    /// The name of a file that holds it, and perhaps a line end.
    static let fileVariable = "HOLDFAST_STORE_PASSWORD_FILE"
    /// The longest password, in bytes.
    static let bytesLimit = 4096

    /// Where a user is named and no password is to be found.
    static var missing: LockError {
        LockError(
            .invalidArgument,
            "the store's URL names a user and no password: set \(variable) or \(fileVariable)")
    }

    /// - Returns: `nil` where neither variable is set.
    static func read(_ environment: (String) -> String?) throws(LockError) -> String? {
        if let secret = environment(variable), !secret.isEmpty { return secret }
        guard let path = environment(fileVariable), !path.isEmpty else { return nil }
        return try contents(path)
    }

    private static func contents(_ path: String) throws(LockError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw unreadable(path, String(cString: strerror(errno))) }
        defer { close(file) }
        var bytes = [UInt8](repeating: 0, count: bytesLimit + 2)
        var count = 0
        while count < bytes.count {
            let start = count
            let read = bytes.withUnsafeMutableBytes { space in
                Glibc.read(
                    file, UnsafeMutableRawBufferPointer(rebasing: space[start...]).baseAddress, space.count - start)
            }
            if read < 0, errno == EINTR { continue }
            guard read >= 0 else { throw unreadable(path, String(cString: strerror(errno))) }
            if read == 0 { break }
            count += read
        }
        var secret = bytes.prefix(count)
        if secret.last == UInt8(ascii: "\n") { secret = secret.dropLast() }
        if secret.last == UInt8(ascii: "\r") { secret = secret.dropLast() }
        guard !secret.isEmpty, secret.count <= bytesLimit, !secret.contains(0),
            let text = String(validating: secret, as: UTF8.self)
        else { throw unreadable(path, "it is empty, not UTF-8, or longer than \(bytesLimit) bytes") }
        return text
    }

    private static func unreadable(_ path: String, _ why: String) -> LockError {
        LockError(.invalidArgument, "cannot read the password from \(path), which \(fileVariable) names: \(why)")
    }
}
