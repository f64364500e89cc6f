#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    public func claims(withPrefix prefix: String, limit: Int) async throws(LockError) -> [ClaimRecord] {
        do throws(ZooKeeperError) {
            let (life, session) = try await anySession()
            defer { lives.release([life]) }
            try await session.sync("/")
            let start = Array(prefix.utf8)
            let locks = try await locks(session).compactMap { path in codec.key(ofParent: path).map { ($0, path) } }
                .filter { $0.0.text.utf8.starts(with: start) }.sorted { $0.0 < $1.0 }
            return try await list(locks, limit, session)
        } catch {
            throw error.lockError
        }
    }

    /// Asks of this key's node alone, without going through all.
    public func claims(on key: LockKey, limit: Int) async throws(LockError) -> [ClaimRecord] {
        let path = try codec.parent(of: key)
        do throws(ZooKeeperError) {
            let (life, session) = try await anySession()
            defer { lives.release([life]) }
            try await session.sync("/")
            return try await list([(key, path)], limit, session)
        } catch {
            throw error.lockError
        }
    }

    private func list(
        _ locks: [(LockKey, path: String)], _ limit: Int, _ session: ZooKeeperSession
    ) async throws(ZooKeeperError) -> [ClaimRecord] {
        var records: [ClaimRecord] = []
        var others: [String: Set<Claim.ID>] = [:]
        let now = WallClock.milliseconds
        for (key, path) in locks {
            guard records.count < limit else { break }
            let order = NodeOrder(try await children(of: path, session), configuration.dialect)
            for found in try await read(order, of: path, session, limit: limit - records.count) {
                let isHeld = try await isHeld(found, session, &others)
                records.append(Self.record(found, key, isHeld: isHeld, now: now))
            }
        }
        return records
    }

    private static func record(_ found: Found, _ key: LockKey, isHeld: Bool, now: Int64) -> ClaimRecord {
        let value = ClaimValue(found.data)
        let session = String(UInt64(bitPattern: found.stat.ephemeralOwner), radix: 16)
        return ClaimRecord(
            key: key, id: found.id, mode: found.node.mode,
            owner: value?.owner ?? Owner(host: "", processID: 0, program: "peer", label: "session \(session)"),
            token: isHeld ? FencingToken(rawValue: found.stat.czxid) : nil,
            age: .milliseconds(max(0, now - found.stat.ctime)),
            // Nobody but the leader knows when another's session ends.
            remaining: .zero, isAsked: AskMark.isOn(found.data), note: value?.note ?? .empty)
    }

    /// Whether a claim is clear on all of its keys.
    ///
    /// - Parameter others: the clear claims on locks that were read for this before.
    private func isHeld(
        _ found: Found, _ session: ZooKeeperSession, _ others: inout [String: Set<Claim.ID>]
    ) async throws(ZooKeeperError) -> Bool {
        guard found.isClear else { return false }
        for name in ClaimValue(found.data)?.names ?? [] {
            guard let parent = try? codec.parent(of: LockKey(unchecked: name)), parent != found.parent else { continue }
            if others[parent] == nil {
                let order = NodeOrder(try await children(of: parent, session), configuration.dialect)
                others[parent] = Set(
                    zip(order.entries, order.clear).compactMap { $1 ? NodeName.id(of: $0.key) : nil })
            }
            guard others[parent]?.contains(found.id) == true else { return false }
        }
        return true
    }

    /// Leaves a mark in the claim's data, which its client watches.
    public func ask(_ id: Claim.ID) async throws(LockError) -> Removal {
        do throws(ZooKeeperError) {
            let (life, session) = try await anySession()
            defer { lives.release([life]) }
            guard let found = try await locate(id, session).first else { return .absent }
            guard ClaimValue(found.data) != nil else {
                throw .failed(
                    LockError(
                        .unsupported,
                        "another program's claim can not be asked to let go; break it by force, or end that program"))
            }
            return try await mark(found, session)
        } catch {
            throw error.lockError
        }
    }

    /// Its owner may write a note at the same time: neither may be lost.
    func mark(_ found: Found, _ session: ZooKeeperSession) async throws(ZooKeeperError) -> Removal {
        var (data, version) = (found.data, found.stat.version)
        for _ in 0..<bounds.attemptsLimit {
            do throws(ZooKeeperError) {
                _ = try await session.setData(found.path, AskMark.put(on: data), version: version)
                return .removed
            } catch {
                guard error.fault != .noNode else { return .absent }
                guard error.fault == .badVersion else { throw error }
            }
            do throws(ZooKeeperError) {
                let (newer, stat) = try await session.data(found.path)
                (data, version) = (newer, stat.version)
            } catch {
                guard error.fault == .noNode else { throw error }
                return .absent
            }
        }
        throw .failed(Self.contended)
    }
}
#endif
