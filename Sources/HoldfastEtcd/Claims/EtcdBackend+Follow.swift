#if Etcd
import Holdfast

extension EtcdBackend {
    /// Looks after the claims here that wait for one lock, until there are none.
    ///
    /// The oldest of them stands for all. Blockers of this client tell of their end by themselves; others are watched,
    /// from now on, and what may have happened before that is read.
    func follow(_ stem: [UInt8]) async {
        await withDiscardingTaskGroup { group in
            var watches: [[UInt8]: EtcdWatch] = [:]
            while !Task.isCancelled, let step = roster.update({ $0.nextStep(stem) }) {
                do throws(LockError) {
                    switch step {
                    case .read:
                        try await read(stem)
                    case .wait(let bell, let keys, let asOf):
                        for (key, watch) in watches where !keys.contains(key) || watch.end != nil {
                            watches[key] = nil
                            watch.cancel()
                        }
                        var isLate = false
                        for key in keys where watches[key] == nil {
                            let watch = try await link.watch(key: key, ignoresPuts: true)
                            watches[key] = watch
                            isLate = isLate || watch.revision > asOf
                            group.addTask { await self.doubt(stem, at: watch) }
                        }
                        if isLate { try await read(stem) } else { await bell.wait() }
                    }
                } catch {
                    roster.update { $0.failed(stem, error) }
                    // A cancelled sleep ends the loop above.
                    try? await roster.time.sleep(until: roster.time.now + bounds.retryPause)
                }
            }
            group.cancelAll()
        }
    }

    /// Asks for a look when a watched key was deleted, or the watch has ended.
    private func doubt(_ stem: [UInt8], at watch: EtcdWatch) async {
        var wasDeleted = false
        for await _ in watch {
            wasDeleted = true
            break
        }
        // Nobody wants to know any more.
        if !wasDeleted, case .cancelled = watch.end { return }
        watch.cancel()
        roster.update { $0.doubt(stem) }
    }

    private func read(_ stem: [UInt8]) async throws(LockError) {
        let isRaw = codec.names == .raw
        guard let question = roster.update({ $0.question(for: stem, isRaw: isRaw) }) else { return }
        let answer = try await link.range(question.request)
        roster.update { $0.apply(question, answer, asOf: answer.header.revision) }
    }
}

/// What the follower of a line does next.
private enum LineStep {
    case read
    /// Watch these keys, and wait for the bell.
    case wait(Bell, keys: [[UInt8]], asOf: Int64)
}

extension Roster.State {
    /// A line could not be looked after. What another try may mend is tried again; the rest is told to who waits.
    fileprivate mutating func failed(_ stem: [UInt8], _ error: LockError) {
        doubt(stem)
        guard !error.isOutcomeUnknown, let (place, _) = target(of: stem), let waiter = claims[place.id]?.waiter else {
            return
        }
        claims[place.id]?.waiter = nil
        effects.answers.append((waiter, .failure(error)))
    }

    /// - Returns: `nil` where nobody here waits any more; the line is then no more.
    fileprivate mutating func nextStep(_ stem: [UInt8]) -> LineStep? {
        guard let line = lines[stem], let (place, part) = target(of: stem) else {
            lines[stem] = nil
            return nil
        }
        switch part.standing {
        case .unknown, .clear: return .read
        case .blocked(let watch, let asOf):
            return .wait(line.bell, keys: watch.filter { !isOurs($0, before: place) }, asOf: asOf)
        }
    }
}
#endif
