#if ZooKeeper
import Holdfast
import NIOCore

/// Each is sent when it is called, in order. `isCancellable: false` is deaf to the task's cancellation.
extension ZooKeeperSession {
    /// - Parameter acl: the configuration's, by default.
    /// - Returns: the path, which has a number at its end where the mode is sequential.
    func create(
        _ path: String, _ mode: CreateMode, data: [UInt8] = [], acl: [ACL]? = nil, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (path: String, stat: Stat) {
        try await result(of: creation(path, data, acl, mode), isCancellable: isCancellable, readCreated)
    }

    /// Creates a node, and lists another one's children in the same round trip; the listing sees the creation.
    ///
    /// - Returns: the listing may have failed where the creation did not.
    func create(
        _ path: String, _ mode: CreateMode, data: [UInt8] = [], acl: [ACL]? = nil, thenChildrenOf parent: String,
        isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (
        created: (path: String, stat: Stat), listing: Result<(children: [String], stat: Stat), ZooKeeperError>
    ) {
        let (created, listing) = try await results(
            of: creation(path, data, acl, mode), and: reading(.children, parent), isCancellable: isCancellable,
            readCreated, Self.readChildren)
        return (created, listing)
    }

    /// - Parameter version: -1 for any.
    func delete(_ path: String, version: Int32 = -1, isCancellable: Bool = true) async throws(ZooKeeperError) {
        let request = request(.delete) { body in
            body.writeJute(full(path))
            body.writeInteger(version)
        }
        try await result(of: request, isCancellable: isCancellable) { _ in }
    }

    /// - Parameter version: of the data that is replaced; -1 for any.
    func setData(
        _ path: String, _ data: [UInt8], version: Int32 = -1, isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> Stat {
        let request = request(.setData) { body in
            body.writeJute(full(path))
            body.writeJute(data)
            body.writeInteger(version)
        }
        return try await result(of: request, isCancellable: isCancellable, Self.readStat)
    }

    /// Returns when the server has seen all that the leader had done before.
    func sync(_ path: String, isCancellable: Bool = true) async throws(ZooKeeperError) {
        try await result(of: syncing(path), isCancellable: isCancellable) { _ in }
    }

    /// Reads a node as the leader has it: a `sync` and a read in one round trip.
    func currentData(_ path: String) async throws(ZooKeeperError) -> (data: [UInt8], stat: Stat) {
        let (_, node) = try await results(
            of: syncing("/"), and: reading(.data, path), isCancellable: true,
            { _ throws(JuteReader.Malformed) in }, Self.readData)
        return try node.get()
    }

    private func syncing(_ path: String) -> Request { request(.sync) { $0.writeJute(full(path)) } }

    /// All or nothing; where nothing, one result is `failed`, and its fault is not thrown.
    ///
    /// - Returns: also the number of the transaction: the `czxid` of all that it created.
    func multi(
        _ operations: [Operation], isCancellable: Bool = true
    ) async throws(ZooKeeperError) -> (results: [OperationResult], zxid: Int64) {
        let reply = try await reply(to: transaction(operations), isCancellable: isCancellable)
        return (try results(reply, of: operations), reply.zxid)
    }

    /// The same, and reads a node in the same round trip; what is read is no older than the transaction.
    func multi(
        _ operations: [Operation], thenDataOf path: String
    ) async throws(ZooKeeperError) -> (
        results: [OperationResult], node: Result<(data: [UInt8], stat: Stat), ZooKeeperError>
    ) {
        let (reply, nodes) = try await reply(
            to: transaction(operations), with: [reading(.data, path)], isCancellable: true, Self.readData)
        return (try results(reply, of: operations), nodes[0])
    }

    private func results(_ reply: Reply, of operations: [Operation]) throws(ZooKeeperError) -> [OperationResult] {
        try Self.result(reply) { reader throws(JuteReader.Malformed) in
            try OperationResult.read(&reader, count: operations.count, root: configuration.chroot)
        }
    }

    /// A transaction, and lists the children of nodes in the same round trip; the listings see the transaction.
    ///
    /// - Returns: as ``multi(_:isCancellable:)``; a listing may have failed where the transaction did not.
    func multi(
        _ operations: [Operation], thenChildrenOf parents: [String]
    ) async throws(ZooKeeperError) -> (
        results: [OperationResult], zxid: Int64, listings: [Result<(children: [String], stat: Stat), ZooKeeperError>]
    ) {
        let (reply, listings) = try await reply(
            to: transaction(operations), with: parents.map { reading(.children, $0) }, isCancellable: true,
            Self.readChildren)
        return (try results(reply, of: operations), reply.zxid, listings)
    }

    private func transaction(_ operations: [Operation]) -> Request {
        request(.multi) { body in
            for operation in operations { operation.write(to: &body, root: configuration.chroot, configuration) }
            Operation.writeEnd(to: &body)
        }
    }

    private func creation(_ path: String, _ data: [UInt8], _ acl: [ACL]?, _ mode: CreateMode) -> Request {
        request(mode.code) { body in
            mode.writeCreate(full(path), data, acl ?? configuration.accessList, to: &body)
        }
    }

    private func readCreated(_ reader: inout JuteReader) throws(JuteReader.Malformed) -> (path: String, stat: Stat) {
        (OperationResult.below(configuration.chroot, try reader.string()), try reader.stat())
    }

    /// From the servers' own root.
    func full(_ path: String) -> String { Operation.full(path, root: configuration.chroot) }
}
#endif
