#if ZooKeeper
import Holdfast

/// What the follower of a line does next.
enum LineStep {
    /// List the lock's children; who joined later is not concerned.
    case list(ZooKeeperSession, joined: UInt64)
    /// Watch these nodes, and wait for the bell.
    case wait(Bell, ZooKeeperSession, nodes: [String])
}

extension Roster.State {
    /// The oldest claim here that waits for a lock.
    private func target(of parent: String) -> (id: Claim.ID, claim: LocalClaim, part: LocalClaim.Part)? {
        guard let place = lines[parent]?.places.first, let claim = claims[place.id],
            let part = claim.parts.first(where: { $0.parent == parent })
        else { return nil }
        return (place.id, claim, part)
    }

    /// - Returns: `nil` where nobody here waits any more; the line is then no more.
    mutating func nextStep(_ parent: String) -> LineStep? {
        guard let line = lines[parent], let (id, claim, part) = target(of: parent) else {
            lines[parent] = nil
            return nil
        }
        switch part.standing {
        // Others before the one it waits for may have left: better asked now than when that one leaves.
        case .blocked(let watch, let hasMore) where !hasMore || line.listedFor == id:
            return .wait(line.bell, claim.session, nodes: watch.filter { !isOurs($0) })
        default:
            lines[parent]?.listedFor = id
            return .list(claim.session, joined: tickets)
        }
    }

    /// Takes a lock's children in, as a session has listed them; `nil` where the lock's node is gone.
    mutating func apply(_ order: NodeOrder, of parent: String, by session: ZooKeeperSession?, joined: UInt64) {
        let clear = order.clear
        let positions = Dictionary(order.entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
        for place in lines[parent]?.places ?? [] where place.joined <= joined {
            guard let claim = claims[place.id], let index = claim.parts.firstIndex(where: { $0.parent == parent })
            else { continue }
            let node = claim.parts[index].node
            guard let position = positions[node] else {
                // Another session's server may be ahead of this one's.
                if session == nil || claim.session === session { gone(place.id) }
                continue
            }
            if clear[position] {
                cleared(place.id, on: parent)
                continue
            }
            claims[place.id]?.parts[index].standing = order.knownStanding(of: node)
            // Those behind it are not clear either.
            return
        }
    }

    /// A node of a lock is gone for certain.
    mutating func left(_ parent: String, _ node: String) {
        guard let (id, claim, part) = target(of: parent) else { return wake(parent) }
        if case .blocked(let watch, let hasMore) = part.standing, watch.contains(node) {
            if watch.count == 1, !hasMore {
                cleared(id, on: parent)
            } else if let index = claim.parts.firstIndex(where: { $0.parent == parent }) {
                claims[id]?.parts[index].standing = .unknown
            }
        }
        wake(parent)
    }

    /// Asks for a look at a lock's queue.
    mutating func doubt(_ parent: String) {
        guard let (id, claim, _) = target(of: parent) else { return }
        if let index = claim.parts.firstIndex(where: { $0.parent == parent }) {
            claims[id]?.parts[index].standing = .unknown
        }
        wake(parent)
    }

    /// A line could not be looked after. What another try may mend is tried again; the rest is told to who waits.
    mutating func failed(_ parent: String, _ error: LockError) {
        doubt(parent)
        guard !error.isOutcomeUnknown, let (id, claim, _) = target(of: parent), let waiter = claim.waiter else {
            return
        }
        claims[id]?.waiter = nil
        effects.answers.append((waiter, .failure(error)))
    }

    mutating func wake(_ parent: String) {
        if let line = lines[parent] { effects.bells.append(line.bell) }
    }

    /// Whether a node is a claim of this client whose end is told here.
    private func isOurs(_ node: String) -> Bool {
        guard let id = NodeName.id(of: node), let claim = claims[id] else { return false }
        return claim.isLive
    }
}

extension NodeOrder {
    /// What a client keeps of a claim's standing.
    func knownStanding(of node: String) -> LocalClaim.Standing {
        switch standing(of: node) {
        case .clear: .clear
        case .absent: .unknown
        case .blocked(let watch): .blocked(watch: watch, hasMore: blockers(of: node) > watch.count)
        }
    }
}
#endif
