#if ZooKeeper
import Holdfast
import NIOCore

/// What a server tells; it may lag behind the leader, and never behind what this session has seen.
extension ZooKeeperSession {
    /// - Returns: `nil` where there is none.
    func exists(_ path: String, isCancellable: Bool = true) async throws(ZooKeeperError) -> Stat? {
        do throws(ZooKeeperError) {
            return try await result(of: reading(.exists, path), isCancellable: isCancellable, Self.readStat)
        } catch {
            if error.fault == .noNode { return nil }
            throw error
        }
    }

    /// The watch sees the node change or go, or be created where there is none.
    func watchExists(
        _ path: String, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (stat: Stat?, watch: Watch) {
        let watch = Watch()
        let request = reading(.exists, path, .init(path: full(path), kind: .existence, watch: watch))
        do throws(ZooKeeperError) {
            return (try await result(of: request, isCancellable: isCancellable, Self.readStat), watch)
        } catch {
            if error.fault == .noNode { return (nil, watch) }
            throw error
        }
    }

    func data(
        _ path: String, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (data: [UInt8], stat: Stat) {
        try await result(of: reading(.data, path), isCancellable: isCancellable, Self.readData)
    }

    /// The watch sees the node change or go; where there is none there is no watch, but `noNode`.
    func watchData(
        _ path: String, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (data: [UInt8], stat: Stat, watch: Watch) {
        let watch = Watch()
        let request = reading(.data, path, .init(path: full(path), kind: .data, watch: watch))
        let (data, stat) = try await result(of: request, isCancellable: isCancellable, Self.readData)
        return (data, stat, watch)
    }

    /// - Returns: names without their parent's path, in no order.
    func children(
        _ path: String, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (children: [String], stat: Stat) {
        try await result(of: reading(.children, path), isCancellable: isCancellable, Self.readChildren)
    }

    /// The watch sees a child come or go, or the node itself go.
    func watchChildren(
        _ path: String, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (children: [String], stat: Stat, watch: Watch) {
        let watch = Watch()
        let request = reading(.children, path, .init(path: full(path), kind: .children, watch: watch))
        let (children, stat) = try await result(of: request, isCancellable: isCancellable, Self.readChildren)
        return (children, stat, watch)
    }

    /// Creates the nodes of ``ZooKeeperConfiguration/chroot`` that are missing, and keeps those that are there.
    func makeRoot() async throws(ZooKeeperError) {
        guard !configuration.chroot.isEmpty, try await exists("/") == nil else { return }
        var path = ""
        for component in configuration.chroot.split(separator: "/") {
            path += "/" + component
            let (whole, acl) = (path, configuration.accessList)
            let request = request(.create2) { CreateMode.persistent.writeCreate(whole, [], acl, to: &$0) }
            do throws(ZooKeeperError) {
                try await result(of: request, isCancellable: true) { _ in }
            } catch {
                // A node above may be there, and not ours to write to.
                guard error.fault == .nodeExists || error.fault == .noAuth else { throw error }
            }
        }
        guard try await exists("/") != nil else { throw .fault(.noAuth) }
    }

    func reading(_ code: OpCode, _ path: String, _ interest: Request.Interest? = nil) -> Request {
        request(code, watching: interest) { body in
            body.writeJute(full(path))
            body.writeJute(interest != nil)
        }
    }

    static func readStat(_ reader: inout JuteReader) throws(JuteReader.Malformed) -> Stat { try reader.stat() }

    static func readData(
        _ reader: inout JuteReader
    ) throws(JuteReader.Malformed) -> (data: [UInt8], stat: Stat) { (try reader.bytes(), try reader.stat()) }

    static func readChildren(
        _ reader: inout JuteReader
    ) throws(JuteReader.Malformed) -> (children: [String], stat: Stat) { (try reader.strings(), try reader.stat()) }
}
#endif
