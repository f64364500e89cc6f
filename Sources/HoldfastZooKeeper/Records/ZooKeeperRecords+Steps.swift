#if ZooKeeper
import Holdfast
import Synchronization

extension ZooKeeperRecords {
    /// - Returns: `nil` where there is none.
    func current(_ path: RecordPath, _ session: ZooKeeperSession) async throws(ZooKeeperError) -> RecordNode? {
        do throws(ZooKeeperError) {
            let (data, stat) = try await session.currentData(path.node)
            return try Self.node(data, stat, path)
        } catch {
            guard error.fault == .noNode else { throw error }
            return nil
        }
    }

    /// - Returns: `nil` where others were faster, or the folder had to be made first: to be tried again.
    func create(
        _ value: [UInt8], _ life: Duration?, _ path: RecordPath, _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> RecordWrite? {
        let (creation, mark) = creation(value, life, path)
        let (results, seen) = try await session.multi(creation, thenDataOf: path.node)
        switch results.fault {
        case nil: return .written(mark.version)
        case .noNode:
            try await makeFolder(path, session)
            return nil
        case .nodeExists: break
        case let fault?: throw ZooKeeperError(fault)
        }
        let found: RecordNode
        do throws(ZooKeeperError) {
            let (data, stat) = try seen.get()
            found = try Self.node(data, stat, path)
        } catch {
            guard error.fault == .noNode else { throw error }
            return nil
        }
        guard try await isOver(found, path, session) else { return .conflict }
        return try await done(deletion(found.mark, path) + creation, session) == nil ? nil : .written(mark.version)
    }

    func replace(
        _ old: RecordMark, _ value: [UInt8], _ life: Duration?, _ path: RecordPath, _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> RecordWrite {
        guard old.changes < bounds.changesLimit else {
            let (creation, mark) = creation(value, life, path)
            return try await done(deletion(old, path) + creation, session) == nil ? .conflict : .written(mark.version)
        }
        let data = RecordNode.data(old.unique, life, value)
        let results = try await done(
            [.check(path: path.child(old)), .setData(path: path.node, data: data, version: old.changes)], session)
        guard let results else { return .conflict }
        guard case .changed(let stat)? = results.last else { throw .failed(Roster.unexpected) }
        hear(stat)
        return .written(RecordMark(unique: old.unique, changes: stat.version).version)
    }

    /// - Returns: whether it was there.
    func delete(
        _ mark: RecordMark, _ path: RecordPath, _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> Bool {
        try await done(deletion(mark, path), session) != nil
    }

    /// Whether its life is over; the leader's clock decides, which is asked by a write.
    func isOver(
        _ found: RecordNode, _ path: RecordPath, _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> Bool {
        switch verdict(found) {
        case .over: return true
        case .alive: return false
        case .doubtful:
            hear(try await session.setData(path.folder, []))
            return verdict(found) == .over
        }
    }

    private func verdict(_ found: RecordNode) -> RecordBook.Verdict {
        let (now, wall) = (backend.roster.time.now, WallClock.milliseconds)
        return backend.recordBook.withLock {
            $0.verdict(until: found.until, now: now, wall: wall, trust: bounds.clockTrust)
        }
    }

    /// Something was changed just now, and when is the leader's word.
    func hear(_ stat: Stat) {
        let now = backend.roster.time.now
        backend.recordBook.withLock { $0.hear(stat.mtime, at: now) }
    }

    static func node(_ data: [UInt8], _ stat: Stat, _ path: RecordPath) throws(ZooKeeperError) -> RecordNode {
        guard let node = RecordNode(data, stat) else {
            throw .failed(
                LockError(.storeUnusable, "\(path.node) is no record: delete it, or give Holdfast another prefix"))
        }
        return node
    }

    private func creation(
        _ value: [UInt8], _ life: Duration?, _ path: RecordPath
    ) -> (operations: [Operation], mark: RecordMark) {
        let number = backend.recordBook.withLock { $0.next() }
        let mark = RecordMark(unique: backend.client + "-" + String(number, radix: 16), changes: 0)
        let data = RecordNode.data(mark.unique, life, value)
        return (
            [
                .create(path: path.node, data: data, mode: .persistent),
                .create(path: path.child(mark), mode: .persistent),
            ], mark
        )
    }

    private func deletion(_ mark: RecordMark, _ path: RecordPath) -> [Operation] {
        [.delete(path: path.child(mark)), .delete(path: path.node, version: mark.changes)]
    }

    /// - Returns: `nil` where the record is not what was expected, and nothing was done.
    private func done(
        _ operations: [Operation], _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> [OperationResult]? {
        let (results, _) = try await session.multi(operations)
        switch results.fault {
        case nil: return results
        case .noNode, .badVersion: return nil
        case let fault?: throw ZooKeeperError(fault)
        }
    }

    /// They stay, once they are made.
    private func makeFolder(_ path: RecordPath, _ session: ZooKeeperSession) async throws(ZooKeeperError) {
        do throws(ZooKeeperError) {
            try await makeNodes(path, session)
        } catch {
            guard error.fault == .noNode else { throw error }
            try await session.makeRoot()
            try await makeNodes(path, session)
        }
    }

    private func makeNodes(_ path: RecordPath, _ session: ZooKeeperSession) async throws(ZooKeeperError) {
        if !backend.codec.directory.isEmpty { try await backend.makeContainers(backend.codec.directory, session) }
        for path in [path.root, path.folder] {
            do throws(ZooKeeperError) {
                _ = try await session.create(path, .persistent)
            } catch {
                guard error.fault == .nodeExists else { throw error }
            }
        }
    }
}

extension RecordPath {
    /// What a node's unique name is kept as.
    func child(_ mark: RecordMark) -> String { node + "/" + mark.unique }
}

extension [OperationResult] {
    /// Why nothing was done; `nil` where all was.
    var fault: ZooKeeperFault? {
        for case .failed(let fault) in self { return fault }
        return nil
    }
}
#endif
