#if Etcd
import Holdfast

/// Names of keys that are used again.
///
/// The server keeps a deleted key in its index until it compacts, and whoever reads a lock's queue reads past all of
/// them. So a claim takes the name of an earlier one of this client on the same lock, where every request that was sent
/// for that one has been answered: no late deletion can meet the new claim. Its value says whose it is.
extension Roster.State {
    static let sparesLimit = 4096

    /// Gives a claim on one key the name of one that has left.
    mutating func rename(_ part: inout LocalClaim.Part, for id: Claim.ID) {
        guard let name = spares[part.stem]?.popLast() else { return }
        sparesCount -= 1
        if spares[part.stem]?.isEmpty == true { spares[part.stem] = nil }
        part.claimKey = name
        renamed[name] = id
    }

    /// A claim is forgotten whose key is in nobody's hands.
    ///
    /// - Parameter isClean: whether no request for it is under way any more.
    mutating func spare(_ claim: LocalClaim, _ id: Claim.ID, isClean: Bool) {
        guard claim.parts.count == 1, let part = claim.parts.first else { return }
        if renamed[part.claimKey] == id { renamed[part.claimKey] = nil }
        guard isClean, !claim.isUncertain, claim.removals <= 1, claim.formerLeases.isEmpty else { return }
        if sparesCount >= Self.sparesLimit {
            spares.removeAll(keepingCapacity: true)
            sparesCount = 0
        }
        spares[part.stem, default: []].append(part.claimKey)
        sparesCount += 1
    }

    /// Whose key this is, among this client's claims.
    private func owner(of key: [UInt8]) -> Claim.ID? { renamed[key] ?? NameCodec.id(ofKey: key) }

    /// Whether a key that stands before `place` is a claim of this client whose end is told here.
    func isOurs(_ key: [UInt8], before place: Line.Place) -> Bool {
        guard let id = owner(of: key), let claim = claims[id] else { return false }
        // A later one has the name of one that has left.
        return claim.isLive && claim.revision < place.revision
    }

    /// Whether a key that stood before `place` is known here to have been left, perhaps to a later claim.
    func hasLeft(_ key: [UInt8], before place: Line.Place) -> Bool {
        if let id = renamed[key] {
            guard let claim = claims[id] else { return true }
            return !claim.isLive || claim.revision > place.revision
        }
        return NameCodec.id(ofKey: key).map { departed.contains($0) || claims[$0]?.phase == .gone } ?? false
    }
}
#endif
