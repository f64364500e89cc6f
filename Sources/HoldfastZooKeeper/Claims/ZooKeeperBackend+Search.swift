#if ZooKeeper
import Holdfast

extension ZooKeeperBackend {
    /// A claim's node as a search finds it.
    struct Found: Sendable {
        let parent: String
        let node: NodeName
        let isClear: Bool
        let stat: Stat
        let data: [UInt8]

        var path: String { parent + "/" + node.text }
        /// A claim of another program that has no id is known by the transaction that created its node.
        var id: Claim.ID { node.id ?? Claim.ID(client: 0, sequence: UInt64(stat.czxid)) }
    }

    /// Goes through the locks for another client's claim: an operator's question, not a client's.
    func locate(_ id: Claim.ID, _ session: ZooKeeperSession) async throws(ZooKeeperError) -> [Found] {
        let locks = try await locks(session)
        let dialect = configuration.dialect
        let found = try await together(locks) { parent throws(ZooKeeperError) -> [Found] in
            let order = NodeOrder(try await self.children(of: parent, session), dialect)
            // Claims without a GUID are known by what the store says of them.
            guard id.client == 0 || order.entries.contains(where: { NodeName.id(of: $0.key) == id }) else { return [] }
            return try await self.read(order, of: parent, session).filter { $0.id == id }
        }
        return found.flatMap { $0 }
    }

    /// Reads the claims on a lock, the first ones; who is gone meanwhile is left out.
    func read(
        _ order: NodeOrder, of parent: String, _ session: ZooKeeperSession, limit: Int = .max
    ) async throws(ZooKeeperError) -> [Found] {
        let dialect = configuration.dialect
        let items = Array(zip(order.entries.map(\.key), order.clear).prefix(limit))
        return try await together(items) { item throws(ZooKeeperError) -> Found? in
            guard let name = NodeName(item.0, dialect) else { return nil }
            do throws(ZooKeeperError) {
                let (data, stat) = try await session.data(parent + "/" + item.0)
                return Found(parent: parent, node: name, isClear: item.1, stat: stat, data: data)
            } catch {
                guard error.fault == .noNode else { throw error }
                return nil
            }
        }.compactMap { $0 }
    }

    /// The paths of all locks, those without claims included.
    ///
    /// - Throws: ``LockError/Code/limitExceeded`` beyond ``ClaimBounds/nodesLimit``.
    func locks(_ session: ZooKeeperSession) async throws(ZooKeeperError) -> [String] {
        var level = try await below(codec.directory, session)
        guard codec.names == .raw else { return level.filter { codec.key(ofParent: $0) != nil } }
        // Raw names have slashes: every node that is nobody's claim may be a lock, and have others below it.
        var all: [String] = []
        while !level.isEmpty {
            all += level
            guard all.count <= bounds.nodesLimit else {
                throw .failed(
                    LockError(.limitExceeded, "more than \(bounds.nodesLimit) nodes below \(codec.directory)"))
            }
            level = try await together(level) { path throws(ZooKeeperError) in try await self.below(path, session) }
                .flatMap { $0 }
        }
        return all.filter { codec.key(ofParent: $0) != nil }
    }

    private func below(_ path: String, _ session: ZooKeeperSession) async throws(ZooKeeperError) -> [String] {
        let children = try await children(of: path.isEmpty ? "/" : path, session)
        return children.filter { NodeName($0, configuration.dialect) == nil }.map { path + "/" + $0 }
            .filter { $0 != codec.records }
    }

    /// Does the same with many things, some at once; the results in the things' order.
    func together<Item: Sendable, R: Sendable>(
        _ items: [Item], _ body: @escaping @Sendable (Item) async throws(ZooKeeperError) -> R
    ) async throws(ZooKeeperError) -> [R] {
        var results: [R] = []
        for batch in items.batches(of: bounds.requestsAtOnce) {
            if batch.count == 1 {
                results.append(try await body(batch[0]))
                continue
            }
            typealias Numbered = (Int, Result<R, ZooKeeperError>)
            let answers = await withTaskGroup(of: Numbered.self) { group in
                for (index, item) in batch.enumerated() {
                    group.addTask {
                        do throws(ZooKeeperError) {
                            return (index, .success(try await body(item)))
                        } catch {
                            return (index, .failure(error))
                        }
                    }
                }
                return await group.reduce(into: [Numbered]()) { $0.append($1) }
            }
            for (_, answer) in answers.sorted(by: { $0.0 < $1.0 }) { results.append(try answer.get()) }
        }
        return results
    }
}
#endif
