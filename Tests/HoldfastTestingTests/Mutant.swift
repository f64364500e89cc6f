import Testing

/// A bug that somebody has shipped, or will. `nil` in its place is the right behaviour.
enum Mutant: String, Sendable, CaseIterable, CustomTestStringConvertible {
    case removeWithoutCompare
    case tokenRepeats
    case tokenFallsNowAndThen
    case wakeUpIsDropped
    case noHandOffWithoutRemoval
    case lastComeFirstServed
    case permitsByPairs
    case readersOvertakeWriters
    case extendResurrects
    case extendKeepsExpired
    case expiredIsIgnoredNotRemoved
    case liveWaiterIsPurged
    case lifeIsHalf
    case refusedClaimStays
    case placeIsNotIdempotent
    case onlyTheFirstKeyCounts
    case waitingClaimFreesItsOtherKeys
    case namesAreNormalised
    case prefixesMeet
    case limitsMayDiffer
    case intentionsMeetReaders
    case ancestorsAreLeftOut
    case pathsOvertake
    case secondUpgradeable
    case readersPassUpgradeable
    case pathsMeetPlainClaims
    case removalAnswersWrongly
    case removalIsForgotten
    case askIsForgotten
    case listingIsUnordered
    case noteIsForgotten
    case noteIsLostAtTheGrant
    case versionComesAgainAfterDeletion
    case writeIgnoresItsVersion
    case deletionIgnoresItsVersion
    case recordNeverEnds
    case recordEndsAtHalf
    case lifeOutlivesARewrite

    var testDescription: String { rawValue }
}
