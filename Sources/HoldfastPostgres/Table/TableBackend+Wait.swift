#if Postgres
import Holdfast

extension TableBackend {
    func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        // What was handed over just now needs no other look; anything else may be over.
        if let news = roster.news(of: id) { return news }
        let found = try await tend([id])
        if let news = roster.news(of: id) { return news }
        guard let value = found.states[id] else {
            roster.gone(id)
            throw LockError(.leaseLost, "the claim was removed or has expired")
        }
        if let token = FencingToken(rawValue: value) { return Grant(token: token) }
        return try await roster.wait(for: id)
    }

    /// Looks how claims stand, and ends the lives that are over before them.
    ///
    /// - Returns: the token of each that lives, 0 while it waits; and when the next life ends that one waits for.
    private func tend(
        _ ids: [Claim.ID]
    ) async throws(LockError) -> (states: [Claim.ID: Int64], next: Duration?) {
        let rows = try await call(
            "tend", [ArrayText.of(ids.map(\.row.client)), ArrayText.of(ids.map(\.row.number)), "\(ear.number)"])
        guard let row = rows.first, row.count == 3, let states = row[0] else { throw Self.unexpected }
        tell(row[1])
        let next = row[2].flatMap { Int64($0) }.map { Duration.microseconds(max(0, $0)) }
        return (Dictionary(ArrayText.triples(states).map { ($0.id, $0.value) }) { first, _ in first }, next)
    }

    /// Looks after the claims that somebody waits for: what no message tells, or no message could.
    func lookAfterWaiters() async {
        var pause = bounds.firstLook
        while !Task.isCancelled {
            guard roster.hasWaiters else {
                pause = bounds.firstLook
                await roster.bell.wait()
                continue
            }
            // Whoever begins to wait is looked at soon; then all are, together.
            do { try await time.sleep(until: time.now + pause) } catch { return }
            let next = await look()
            let longest = ear.isListening ? bounds.listeningLook : bounds.deafLook
            pause = min(longest, ear.isListening ? longest : pause * 3 / 2)
            if let next { pause = min(pause, next + .milliseconds(1)) }
        }
    }

    /// - Returns: when the next life ends that somebody waits for.
    private func look() async -> Duration? {
        let ids = roster.awaited()
        var next: Duration?
        for start in stride(from: 0, to: ids.count, by: bounds.claimsPerLook) {
            let batch = Array(ids[start..<min(ids.count, start + bounds.claimsPerLook)])
            // A server that cannot be reached is asked again next time.
            guard let found = try? await tend(batch) else { return nil }
            for id in batch {
                switch found.states[id] {
                case nil: roster.gone(id)
                case let value?:
                    if let token = FencingToken(rawValue: value) { roster.granted(id, Grant(token: token)) }
                }
            }
            if let due = found.next { next = min(next ?? due, due) }
        }
        return next
    }

    /// Hears who is told; whenever it begins to, what was told before is looked up.
    func listen() async {
        await ear.run(ring: { _ = await self.look() })
    }

    /// Ends lives on keys that nobody asks for. Clients take turns.
    func sweep() async {
        while !Task.isCancelled {
            let pause = bounds.sweepInterval * Double.random(in: 0.5...1.5)
            do { try await time.sleep(until: time.now + pause) } catch { return }
            var isAgain = false
            repeat {
                let parameters = ["\(ear.number)", "\(bounds.claimsPerSweep)", isAgain ? "t" : "f"]
                guard let row = try? await call("sweep", parameters).first, row.count == 2 else { break }
                tell(row[1])
                isAgain = row[0].flatMap { Int($0) } ?? 0 >= bounds.claimsPerSweep
            } while isAgain && !Task.isCancelled
        }
    }
}
#endif
