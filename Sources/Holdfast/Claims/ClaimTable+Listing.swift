extension ClaimTable {
    /// The earlier claims, held or waiting, that keep a claim from being held; oldest first.
    ///
    /// For permits every earlier claim counts, since their sum decides; for paths those that exclude this one, or each
    /// other.
    public func blockers(of id: Claim.ID) -> [Claim.ID] {
        guard let entry = entries[id] else { return [] }
        var blockers: Set<Claim.ID> = []
        for (index, part) in entry.claim.parts.enumerated() {
            let own = nodes[Int(index == 0 ? entry.node : entry.moreNodes[index - 1])]
            guard !own.isClear else { continue }
            if case .path = part.mode {
                blockers.formUnion(pathBlockers(of: own))
                continue
            }
            var cursor = own.previous
            while cursor != KeyQueue.none {
                let earlier = nodes[Int(cursor)]
                if case .permits = part.mode {
                    blockers.insert(earlier.claim)
                } else if part.mode.isBlocked(by: earlier.mode) {
                    blockers.insert(earlier.claim)
                }
                cursor = earlier.previous
            }
        }
        return blockers.sorted { (entries[$0]?.order ?? 0) < (entries[$1]?.order ?? 0) }
    }

    private func pathBlockers(of own: KeyQueue.Node) -> [Claim.ID] {
        var queue = [own]
        while let first = queue.last, first.previous != KeyQueue.none { queue.append(nodes[Int(first.previous)]) }
        queue.reverse()
        return LockMode.excluding(queue.map(\.mode)).filter { $0 < queue.count - 1 }.map { queue[$0].claim }
    }

    /// The claims on the keys that begin with `prefix`, by key, then in queue order.
    public func records(withPrefix prefix: String, limit: Int, now: Duration) -> [ClaimRecord] {
        let start = Array(prefix.utf8)
        var records: [ClaimRecord] = []
        for key in queues.keys.filter({ $0.text.utf8.starts(with: start) }).sorted() {
            var cursor = queues[key]?.head ?? KeyQueue.none
            while cursor != KeyQueue.none, records.count < limit {
                let node = nodes[Int(cursor)]
                cursor = node.next
                guard let entry = entries[node.claim], entry.expiresAt > now else { continue }
                records.append(
                    ClaimRecord(
                        key: key, id: node.claim, mode: node.mode, owner: entry.claim.owner, token: entry.token,
                        age: now - entry.placedAt, remaining: entry.expiresAt - now, isAsked: entry.isAsked,
                        note: entry.note))
            }
        }
        return records
    }
}
