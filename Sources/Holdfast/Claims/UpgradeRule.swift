/// When an upgradeable claim is alone: pure.
///
/// Whoever comes behind it waits for it, whatever it wants: all modes are blocked by an earlier upgradeable one. Beside
/// it are only readers, and intentions of readers, that were there before. So it is alone once they are gone, and stays
/// so: nothing is ever placed before a claim.
package enum UpgradeRule {
    package enum Standing: Sendable, Hashable {
        case alone
        /// Others are before it.
        case blocked
        /// It is not there.
        case absent
    }

    /// - Parameter queue: all claims on one key, oldest first.
    package static func standing(of claim: Claim.ID, in queue: [ClaimRecord]) -> Standing {
        guard let own = queue.first(where: { $0.id == claim }) else { return .absent }
        // A store's clock may order those that hold together otherwise.
        let isAlone = queue[0].id == own.id && !queue.dropFirst().contains(where: \.isHeld)
        return isAlone ? .alone : .blocked
    }
}
