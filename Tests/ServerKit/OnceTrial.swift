import Foundation
package import Testing

/// Messages that are delivered several times, to processes that are killed with SIGKILL at random: what `once` keeps.
package struct OnceTrial: Sendable {
    /// What a process does with a delivery.
    package enum Way: String, Sendable {
        case once
        /// Runs the body each time.
        case bare
        /// Records the success before the effect.
        case early
    }

    /// A database where a body commits its effect together with a mark of its message.
    package struct Ledger: Sendable {
        /// As the program StoreProbe takes it: `sqlite:PATH`, `postgres:WORDS`, `mysql:PORT`.
        let place: String
        /// How often the effect of each message, by its number, was applied.
        let effects: @Sendable () async throws -> [Int]

        package init(_ place: String, effects: @escaping @Sendable () async throws -> [Int]) {
            (self.place, self.effects) = (place, effects)
        }
    }

    package static let messages = 100
    let messages = Self.messages
    /// 500 deliveries in all.
    let copies = 5
    let processes = 8
    /// Of 1,000 deliveries, after how many the process is killed, within moments.
    let killsPerMille = 100
    let killsLimit = 60

    private init() {}

    /// Runs one, says its numbers, and expects that nothing was lost, and repeated only where a kill was the cause.
    ///
    /// - Parameters:
    ///   - store: its URL.
    ///   - name: whose numbers they are.
    package static func run(
        on store: String, _ name: String, ledger: Ledger? = nil, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let tally = try await tally(on: store, name, .once, ledger: ledger)
        #expect(tally.violations.isEmpty, "\(tally): \(tally.violations.prefix(5))", sourceLocation: sourceLocation)
        // Else it would have tried nothing.
        #expect(tally.killsInHand >= 5, "\(tally)", sourceLocation: sourceLocation)
    }

    /// - Returns: what became of the deliveries, to be judged.
    package static func tally(on store: String, _ name: String, _ way: Way, ledger: Ledger? = nil) async throws
        -> OnceTally
    {
        let seed =
            ProcessInfo.processInfo.environment["HOLDFAST_SEED"].flatMap { UInt64($0) } ?? .random(in: 1...999_999)
        print("\(way.rawValue) on \(name): seed \(seed)")
        let folder = try ScratchFolder()
        let witness = folder.path + "/bodies"
        let words = ["once", store, "once-\(seed)-\(getpid())", way.rawValue, witness, ledger?.place ?? "-"]
        let plan = OnceTrial()
        let program = try Probe.path()
        var tally = try await onThread {
            var broker = OnceBroker(plan, program, words, errors: folder.path + "/errors", seed: seed)
            do {
                return try broker.run()
            } catch {
                let complaints = (try? String(contentsOfFile: folder.path + "/errors", encoding: .utf8)) ?? ""
                throw TestFailure("seed \(seed): \(error): \(complaints.suffix(800))")
            }
        }
        for line in try String(contentsOfFile: witness, encoding: .utf8).split(separator: "\n") {
            guard let message = Int(line), tally.bodies.indices.contains(message) else {
                throw TestFailure("the witness has \"\(line)\"")
            }
            tally.bodies[message] += 1
        }
        tally.effects = try await ledger?.effects()
        print("\(way.rawValue) on \(name): \(tally)")
        return tally
    }

    /// Elsewhere than on the few threads that all tasks share: it waits for sockets.
    private static func onThread(_ body: @escaping @Sendable () throws -> OnceTally) async throws -> OnceTally {
        try await withCheckedThrowingContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(with: Result { try body() }) }
        }
    }
}
