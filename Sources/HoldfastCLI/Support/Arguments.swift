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

    /// One name; `\,` is a comma in it.
    static func key(_ name: [UInt8]) throws(Failure) -> LockKey {
        let keys = try keys(name)
        guard keys.count == 1 else { throw Failure(.usage, "give one name; a comma in it is written \\,") }
        return keys[0]
    }

    /// One name or several: `a,b,c`; `\,` is a comma in a name.
    static func keys(_ names: [UInt8]) throws(Failure) -> [LockKey] {
        var keys: [LockKey] = []
        for name in split(names) {
            do throws(LockError) { keys.append(try LockKey(bytes: name)) } catch { throw Failure(error) }
        }
        return keys
    }

    private static func split(_ names: [UInt8]) -> [[UInt8]] {
        let (comma, backslash) = (UInt8(ascii: ","), UInt8(ascii: "\\"))
        var result: [[UInt8]] = [[]]
        for byte in names {
            guard byte == comma else {
                result[result.count - 1].append(byte)
                continue
            }
            if result[result.count - 1].last == backslash {
                result[result.count - 1][result[result.count - 1].count - 1] = comma
            } else {
                result.append([])
            }
        }
        return result
    }
}
