#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

extension Owner {
    /// This process.
    package static func current(label: String = "") -> Owner {
        var name = [CChar](repeating: 0, count: 256)
        let host = gethostname(&name, name.count - 1) == 0 ? string(name) : "localhost"
        let path = CommandLine.arguments.first ?? "swift"
        let program = path.split(separator: "/").last.map(String.init) ?? path
        return Owner(host: host, processID: getpid(), program: program, label: label)
    }

    private static func string(_ characters: [CChar]) -> String {
        String(decoding: characters.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
