#if MySQL
import Holdfast
import HoldfastSQL

extension TableBackend {
    func grant(of id: Claim.ID) async throws(LockError) -> Grant {
        // What was handed over here needs no other look; anything else may be over.
        if let known = desk.known(id) { return try known.get() }
        desk.open(id)
        guard let state = try await look([id])[id] else {
            desk.close(id)
            throw GrantDesk.gone
        }
        if let token = FencingToken(rawValue: state) { return Grant(token: token) }
        return try await desk.wait(for: id)
    }

    /// - Returns: the token of each that lives, 0 while it waits.
    private func look(_ ids: [Claim.ID]) async throws(LockError) -> [Claim.ID: Int64] {
        let rows = try await call(
            """
            SELECT client, number, COALESCE(\(TableLayout.token()), 0) FROM holdfast_claims \
            WHERE (client, number) IN (\(Self.list(ids))) AND expires_at > \(TableLayout.now)
            """)
        var states: [Claim.ID: Int64] = [:]
        for row in rows where row.count == 3 {
            let numbers = row.compactMap { $0.flatMap { Int64($0) } }
            guard numbers.count == 3 else { throw Self.unexpected }
            states[Claim.ID(row: numbers[0], numbers[1])] = numbers[2]
        }
        return states
    }

    /// Looks after the claims that somebody waits for: other processes hand keys over without a word.
    func lookAfterWaiters() async {
        var pause = bounds.firstLook
        while !Task.isCancelled {
            guard desk.hasWaiters else {
                pause = bounds.firstLook
                await desk.bell.wait()
                continue
            }
            do { try await time.sleep(until: time.now + pause * Double.random(in: 0.75...1)) } catch { return }
            let next = await lookAtWaiters()
            pause = min(bounds.lastLook, pause * 5 / 4)
            if let next { pause = min(pause, max(.milliseconds(1), next)) }
        }
    }

    /// - Returns: when the next life ends that somebody waits for.
    private func lookAtWaiters() async -> Duration? {
        let ids = desk.awaited()
        var next: Duration?
        for start in stride(from: 0, to: ids.count, by: bounds.claimsPerLook) {
            let batch = Array(ids[start..<min(ids.count, start + bounds.claimsPerLook)])
            // A server that cannot be reached is asked again next time.
            guard let states = try? await look(batch) else { return nil }
            for id in batch {
                guard let state = states[id] else {
                    desk.close(id)
                    continue
                }
                if let token = FencingToken(rawValue: state) { desk.tell(id, .success(Grant(token: token))) }
            }
            guard let due = try? await endOver(before: batch) else { continue }
            next = min(next ?? due, due)
        }
        return next
    }

    /// Ends the lives that are over of claims on the same keys.
    ///
    /// - Returns: when the next of them will be.
    private func endOver(before ids: [Claim.ID]) async throws(LockError) -> Duration? {
        let rows = try await call(
            """
            SELECT HEX(p.name), MIN(o.expires_at) - \(TableLayout.now) FROM holdfast_claims c \
            JOIN holdfast_parts p ON p.place = c.place AND p.clear = 0 \
            JOIN holdfast_parts q ON q.name = p.name AND q.place < p.place \
            JOIN holdfast_claims o ON o.place = q.place \
            WHERE (c.client, c.number) IN (\(Self.list(ids))) GROUP BY p.name
            """)
        var next: Duration?
        for row in rows where row.count == 2 {
            guard let name = row[0], let left = row[1].flatMap({ Int64($0) }) else { continue }
            if left <= 0 { try await sweep(name) } else { next = min(next ?? .microseconds(left), .microseconds(left)) }
        }
        return next
    }

    private func sweep(_ name: String) async throws(LockError) {
        let rows = try await call("CALL holdfast_sweep('\(name)',\(patience))")
        tell(rows.first?.first ?? nil)
    }

    /// Ends lives on keys that nobody asks for. Clients take turns.
    func sweep() async {
        while !Task.isCancelled {
            let pause = bounds.sweepInterval * Double.random(in: 0.5...1.5)
            do { try await time.sleep(until: time.now + pause) } catch { return }
            let over = """
                SELECT DISTINCT HEX(p.name) FROM holdfast_claims c JOIN holdfast_parts p ON p.place = c.place \
                WHERE c.expires_at <= \(TableLayout.now) LIMIT \(bounds.namesPerSweep)
                """
            guard let rows = try? await call(over) else { continue }
            for row in rows {
                guard let name = row[0] else { continue }
                _ = try? await sweep(name)
            }
        }
    }
}
#endif
