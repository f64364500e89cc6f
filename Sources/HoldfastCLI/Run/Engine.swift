import Glibc
import Holdfast
import Logging
import Synchronization

/// The process that holds the claim: opens the store, acquires, renews and releases. The only one with threads.
///
/// In a process group of its own, so that no terminal stops it. Where the front dies, it ends what is left of CMD.
struct Engine: Sendable {
    let plan: RunPlan
    let channel: Channel
    /// The one shared word: until when the lock may be relied on, in nanoseconds since boot. 0 before the grant.
    let deadline: SharedWords
    let staysInJob: Bool
    let capture: Capture?

    func run() -> Never {
        setpgid(0, 0)
        Terminal.leave()
        guard case .message(let text) = channel.receive(waits: true), let command = pid_t(text) else {
            ExitStatus.success.exit()
        }
        let end = Signal()
        let frontIsGone = Signal()
        let mark = Self.mark(command: command)
        Concurrency.run(
            beside: {
                while case .message = channel.receive(waits: true) { end.set() }
                if let departure = plan.departure {
                    departure.waitForClose()
                } else {
                    Orphans.killAll(group: staysInJob ? nil : command, mark: mark)
                }
                // What escaped us keeps the claim alive by the kernel lock that it inherited: it must stay.
                if plan.store.liveness != nil { ExitStatus.success.exit() }
                frontIsGone.set()
                end.set()
            },
            { await self.work(command: command, until: end) })
    }

    /// Less than the front waits for a release: its last word is that of the engine.
    private static let removalLimit: Duration = .seconds(8)

    /// Who waits is told for what; the front says it.
    private var trouble: Logger? {
        guard plan.voice != .quiet, plan.claim.wait != .no else { return nil }
        return TroubleLog.logger { [channel] in channel.send(EngineMessage.note($0).text) }
    }

    static func mark(command: pid_t) -> String { "HOLDFAST_PID=\(command)" }

    private func work(command: pid_t, until end: Signal) async -> ExitStatus {
        let last: EngineMessage
        do {
            let backend = try plan.store.open(trouble)
            let owner = Owner(
                host: Owner.current().host, processID: plan.departure?.shell ?? command, program: plan.program)
            var configuration = plan.claim.configuration(owner: owner)
            configuration.removalWaitLimit = Self.removalLimit
            last = try await LockClient.withClient(backend: backend, configuration: configuration) { client in
                await self.hold(client, command: command, until: end)
            }
        } catch {
            let failure = Failure(error)
            last = .failed(failure.status, failure.message)
        }
        channel.send(last.text)
        return .success
    }

    /// From the claim to its removal, which the front asks for at any time.
    private func hold(_ client: LockClient, command: pid_t, until end: Signal) async -> EngineMessage {
        await withTaskGroup(of: EngineMessage?.self) { group in
            group.addTask { await self.acquireAndHold(client, command: command) }
            group.addTask {
                _ = await end.wait()
                return nil
            }
            if plan.voice == .verbose {
                let news = client.events()
                group.addTask {
                    await WaitReport(plan: plan.claim, channel: channel).run(client, news)
                    return nil
                }
            }
            while let result = await group.next() {
                group.cancelAll()
                if let result { return result }
            }
            return .released
        }
    }

    private func acquireAndHold(_ client: LockClient, command: pid_t) async -> EngineMessage {
        var record: OnceRecord<OnceEntry>?
        do throws(LockError) {
            let began = BootTime.now
            record = try await onceRecord(client)
            if let earlier = try await lookFirst(record) { return earlier }
            let owned = try await client.acquire(
                plan.claim.parts, wait: plan.claim.wait, options: plan.claim.options)
            if plan.voice == .verbose {
                let wait = DurationText.exact(.nanoseconds(BootTime.now - began))
                channel.send(EngineMessage.note("holds \"\(plan.claim.name)\" after \(wait)").text)
            }
            if let entry = try await record?.read() {
                try? await owned.release()
                return recorded(entry)
            }
            publishDeadline(of: owned.lease)
            let environment = environment(of: owned.lease, command: command, kind: client.capabilities.name)
            channel.send(EngineMessage.granted(environment: environment).text)
            await watch(owned.lease)
            let failure = await self.record(in: record, owned.lease)
            do throws(LockError) { try await owned.release() } catch { if failure == nil { throw error } }
            return failure ?? .released
        } catch {
            switch error.code {
            case .busy, .timedOut: return await lookLast(record) ?? .notHad
            // Lost, and known to be so; or given up.
            case .leaseLost, .cancelled: return .released
            default:
                let failure = Failure(error)
                return .failed(failure.status, failure.message)
            }
        }
    }

    private func environment(of lease: Lease, command: pid_t, kind: String) -> String {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        let nowMilliseconds = Int64(now.tv_sec) * 1000 + Int64(now.tv_nsec) / 1_000_000
        return """
            HOLDFAST_NAME=\(plan.claim.name)
            HOLDFAST_TOKEN=\(lease.token)
            HOLDFAST_MODE=\(plan.claim.mode)
            HOLDFAST_EXPIRES_AT=\(nowMilliseconds + lease.remaining.milliseconds)
            HOLDFAST_STORE_KIND=\(kind)
            \(Self.mark(command: command))
            """
    }
}

// MARK: - While it is held

extension Engine {
    private static let shortestLook: Duration = .milliseconds(20)
    private static let longestLook: Duration = .seconds(1)

    /// Tells the front of each renewal, and of the loss. Returns when the front asks for the end.
    private func watch(_ lease: Lease) async {
        let interval = min(Self.longestLook, max(Self.shortestLook, plan.claim.timeToLive / 30))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                guard let loss = await lease.whenLost() else { return }
                self.channel.send(EngineMessage.lost(reason: Self.reason(loss)).text)
            }
            group.addTask {
                let time = Timekeeper(ContinuousClock())
                while !Task.isCancelled {
                    self.publishDeadline(of: lease)
                    // A cancelled sleep is a sleep that is over.
                    try? await time.sleep(until: time.now + interval)
                }
            }
        }
    }

    /// A lost lease has no deadline: the last one known stands.
    private func publishDeadline(of lease: Lease) {
        let now = BootTime.now
        let remaining = lease.remaining
        if remaining > .zero { deadline[0] = now + remaining.nanoseconds }
    }

    private static func reason(_ loss: LeaseLoss) -> String {
        switch loss {
        case .expired: "it could not be renewed"
        case .removed: "it was removed"
        case .asked: "an operator asked for it"
        case .maxHold: "it was held for as long as it may be"
        case .clientStopped: "the store's client stopped"
        }
    }
}
