#if ZooKeeper
import Holdfast
import Logging
import Synchronization

extension ZooKeeperBackend {
    /// Deletes records that are over and that nobody asks for: of some folders, a bounded number.
    ///
    /// - Parameter isForced: whether to do so even where another client has just done it.
    func sweep(isForced: Bool) async {
        defer { recordBook.withLock { $0.swept() } }
        do throws(ZooKeeperError) {
            let (life, session) = try await anySession()
            defer { lives.release([life]) }
            guard try await beginsSweep(isForced: isForced, session) else { return }
            try await sweep(session)
        } catch {
            // What is left is found by the next one.
            logger?.debug("records were not swept", metadata: ["error": "\(error.lockError)"])
        }
    }

    /// The records' own node was changed when a sweep began last.
    private func beginsSweep(isForced: Bool, _ session: ZooKeeperSession) async throws(ZooKeeperError) -> Bool {
        guard let stat = try await session.exists(codec.records) else { return false }
        let interval = Int64(bounds.records.sweepInterval / .milliseconds(1))
        guard isForced || WallClock.milliseconds - stat.mtime >= interval else { return false }
        do throws(ZooKeeperError) {
            ZooKeeperRecords(self).hear(try await session.setData(codec.records, [], version: stat.version))
            return true
        } catch {
            guard error.fault == .badVersion || error.fault == .noNode else { throw error }
            return false
        }
    }

    private func sweep(_ session: ZooKeeperSession) async throws(ZooKeeperError) {
        var left = bounds.records.recordsPerSweep
        let folders = try await children(of: codec.records, session).shuffled()
        for folder in folders.prefix(bounds.records.foldersPerSweep) where left > 0 {
            let path = codec.records + "/" + folder
            guard let stat = try await session.exists(path), stat.childCount <= bounds.records.listedLimit else {
                continue
            }
            let names = try await children(of: path, session).shuffled().prefix(left)
            left -= names.count
            _ = try await together(Array(names)) { name throws(ZooKeeperError) in
                try await self.sweep(path, name, session)
            }
        }
    }

    private func sweep(_ folder: String, _ name: String, _ session: ZooKeeperSession) async throws(ZooKeeperError) {
        let records = ZooKeeperRecords(self)
        let path = RecordPath(root: codec.records, folder: folder, node: folder + "/" + name)
        do throws(ZooKeeperError) {
            let (data, stat) = try await session.data(path.node)
            // What is no record is reported to who asks for it.
            guard let found = RecordNode(data, stat), try await records.isOver(found, path, session) else { return }
            _ = try await records.delete(found.mark, path, session)
        } catch {
            guard error.fault == .noNode else { throw error }
        }
    }
}
#endif
