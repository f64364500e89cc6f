#if ZooKeeper
import NIOCore

extension Operation {
    /// - Parameter root: stands before every path.
    func write(to body: inout ByteBuffer, root: String, _ configuration: ZooKeeperConfiguration) {
        Self.writeHeader(code, isLast: false, to: &body)
        switch self {
        case .create(let path, let data, let acl, let mode):
            mode.writeCreate(Self.full(path, root: root), data, acl ?? configuration.accessList, to: &body)
        case .delete(let path, let version), .check(let path, let version):
            body.writeJute(Self.full(path, root: root))
            body.writeInteger(version)
        case .setData(let path, let data, let version):
            body.writeJute(Self.full(path, root: root))
            body.writeJute(data)
            body.writeInteger(version)
        }
    }

    static func writeEnd(to body: inout ByteBuffer) { writeHeader(.error, isLast: true, to: &body) }

    private static func writeHeader(_ code: OpCode, isLast: Bool, to body: inout ByteBuffer) {
        body.writeInteger(code.rawValue)
        body.writeJute(isLast)
        body.writeInteger(-1 as Int32)
    }

    private var code: OpCode {
        switch self {
        case .create(_, _, _, let mode): mode.code
        case .delete: .delete
        case .setData: .setData
        case .check: .check
        }
    }

    /// From the servers' own root; `/` is the root itself.
    static func full(_ path: String, root: String) -> String {
        if root.isEmpty { return path }
        return path == "/" ? root : root + path
    }
}

extension CreateMode {
    func writeCreate(_ path: String, _ data: [UInt8], _ acl: [ACL], to body: inout ByteBuffer) {
        body.writeJute(path)
        body.writeJute(data)
        body.writeJute(acl)
        body.writeInteger(flags)
        if case .persistentWithTimeToLive(let milliseconds) = self { body.writeInteger(milliseconds) }
    }
}

extension OperationResult {
    /// The results of a whole `multi`.
    static func read(
        _ reader: inout JuteReader, count: Int, root: String
    ) throws(JuteReader.Malformed) -> [OperationResult] {
        var results: [OperationResult] = []
        while true {
            let code = try reader.int()
            let isLast = try reader.bool()
            _ = try reader.int()  // the error, which comes again below
            if isLast { break }
            guard results.count < count else { throw JuteReader.Malformed("more results than there were operations") }
            results.append(try one(OpCode(rawValue: code), &reader, root))
        }
        guard results.count == count else {
            throw JuteReader.Malformed("\(results.count) results of \(count) operations")
        }
        return results
    }

    private static func one(
        _ code: OpCode?, _ reader: inout JuteReader, _ root: String
    ) throws(JuteReader.Malformed) -> OperationResult {
        switch code {
        case .create: return .created(path: below(root, try reader.string()))
        case .create2, .createContainer, .createTTL:
            let path = below(root, try reader.string())
            _ = try reader.stat()
            return .created(path: path)
        case .delete: return .deleted
        case .setData: return .changed(try reader.stat())
        case .check: return .checked
        case .error:
            // The one that failed has its reason; those before it have none, and those behind it were not tried.
            let code = try reader.int()
            let isOthers = code == 0 || code == ZooKeeperFault.runtimeInconsistency.rawValue
            return isOthers ? .undone : .failed(ZooKeeperFault(code: code))
        default: throw JuteReader.Malformed("the result of an operation that was not asked for")
        }
    }

    /// As seen from `root`.
    static func below(_ root: String, _ path: String) -> String {
        guard !root.isEmpty, path.hasPrefix(root) else { return path }
        let rest = path.dropFirst(root.count)
        return rest.isEmpty ? "/" : String(rest)
    }
}
#endif
