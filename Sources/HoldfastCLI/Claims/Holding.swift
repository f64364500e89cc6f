import Holdfast
import Synchronization

/// One `holdfast lock` at work: from the claim to its confirmed removal.
struct Holding: Sendable {
    /// What ended the hold from outside, for the status.
    final class End: Sendable {
        let signal = Signal()
        private let status = Mutex<ExitStatus?>(nil)

        /// - Parameter whileWaiting: the status where the lock was not held yet.
        func set(_ whileWaiting: ExitStatus) {
            status.withLock { $0 = $0 ?? whileWaiting }
            signal.set()
        }

        var statusWhileWaiting: ExitStatus? { status.withLock { $0 } }
    }

    /// How long a removal is waited for that the end has cut in on. A second signal ends even that.
    static let removalLimit: Duration = .seconds(10)

    let plan: ClaimPlan
    let owner: Owner
    let end: End

    var configuration: LockClientConfiguration {
        var configuration = plan.configuration(owner: owner)
        configuration.removalWaitLimit = Self.removalLimit
        return configuration
    }

    func run(_ client: LockClient) async -> ExitStatus {
        await withTaskGroup(of: ExitStatus?.self) { group in
            group.addTask { await self.acquireAndHold(client) }
            group.addTask {
                _ = await self.end.signal.wait()
                return nil
            }
            while let result = await group.next() {
                // The release is deaf to that, and the wait for the lock is not.
                group.cancelAll()
                if let result { return result }
            }
            return .internalError
        }
    }

    private func acquireAndHold(_ client: LockClient) async -> ExitStatus {
        do throws(LockError) {
            let owned = try await client.acquire(plan.parts, wait: plan.wait)
            Terminal.print(LockHandle.held(owned.lease, owner: configuration.owner ?? owner).text + "\n")
            let loss = await owned.lease.whenLost()
            if let loss { Terminal.print(LockHandle.lost(loss).text + "\n") }
            try await owned.release()
            return loss == nil ? .success : .lost
        } catch {
            return status(of: error)
        }
    }

    private func status(of error: LockError) -> ExitStatus {
        switch error.code {
        case .busy, .timedOut:
            // Contention is no error: a script has the status.
            if Terminal.hasReader { Terminal.say("\"\(plan.name)\" is not free") }
            return plan.conflictStatus
        case .cancelled: return end.statusWhileWaiting ?? .internalError
        // Told on standard output already, or found at the release.
        case .leaseLost: return .lost
        default: return Failure(error).report()
        }
    }
}
