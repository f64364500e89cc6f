import Glibc
import Holdfast

/// The command line as the bytes that were given: the parser's strings are repaired, ours must not be.
enum Arguments {
    static var count: Int { Int(CommandLine.argc) }
    /// Where the command's own name stands.
    static let commandIndex = 1

    static func bytes(at index: Int) -> [UInt8] {
        guard let argument = CommandLine.unsafeArgv[index] else { return [] }
        return Array(UnsafeRawBufferPointer(start: argument, count: strlen(argument)))
    }

    /// Refuses arguments that are not UTF-8 before the command that is to run, whose own are passed on as they are.
    static func checkUTF8(before end: Int = count) throws(Failure) {
        for index in 1..<max(1, end) where String(validating: bytes(at: index), as: UTF8.self) == nil {
            throw Failure(.usage, "argument \(index) is not valid UTF-8")
        }
    }

    static func key(_ bytes: [UInt8]) throws(Failure) -> LockKey {
        do throws(LockError) { return try LockKey(bytes: bytes) } catch { throw Failure(error) }
    }
}
