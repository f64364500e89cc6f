import Holdfast

/// The lock that a command wants, checked.
struct ClaimPlan: Sendable {
    /// The names as they were given, for messages.
    let name: String
    let parts: [Claim.Part]
    let wait: Wait
    let timeToLive: Duration
    let maxHold: Duration?
    let label: String
    /// Where the lock was not had in time.
    let conflictStatus: ExitStatus
    /// What the claim carries: an election's proposal.
    let options: LockOptions

    /// Of what was asked for; a path's ancestors are beside it.
    var mode: LockMode { (parts.first { !$0.mode.isIntention } ?? parts[0]).mode }

    /// - Parameter owner: who is said to hold it; the label is added.
    func configuration(owner: Owner) -> LockClientConfiguration {
        var configuration = LockClientConfiguration(timeToLive: timeToLive, maxHold: maxHold, label: label)
        configuration.owner = Owner(
            host: owner.host, processID: owner.processID, program: owner.program, label: label)
        return configuration
    }
}
