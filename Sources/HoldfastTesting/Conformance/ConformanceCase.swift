import Glibc
public import Holdfast

/// One rule of the contract, as a test that any backend can take.
public struct ConformanceCase: Sendable, CustomStringConvertible {
    /// What a backend must be able to do for a case to make sense.
    struct Needs: OptionSet, Sendable {
        let rawValue: Int
        static let shared = Needs(rawValue: 1)
        static let permits = Needs(rawValue: 2)
        static let severalKeys = Needs(rawValue: 4)
        static let fifo = Needs(rawValue: 8)
        static let listing = Needs(rawValue: 16)
        static let expiry = Needs(rawValue: 32)
        static let notes = Needs(rawValue: 64)
        static let records = Needs(rawValue: 128)
        /// Time must pass, whether or not claims expire by it.
        static let time = Needs(rawValue: 256)
        static let paths = Needs(rawValue: 512)
        static let deadlocks = Needs(rawValue: 1024)
    }

    public let name: String
    let needs: Needs
    /// Throws a ``ConformanceFailure`` where the backend breaks the rule.
    public let run: @Sendable (ConformanceHarness) async throws -> Void

    /// - Parameter longer: what it may take beyond the harness's timeout.
    init(
        _ name: String, _ needs: Needs = [], longer: Duration = .zero,
        _ body: @escaping @Sendable (ConformanceStage) async throws -> Void
    ) {
        self.name = name
        self.needs = needs
        run = { harness in
            var harness = harness
            harness.timeout += longer
            do {
                try await harness.stage(name, body)
            } catch let failure as ConformanceFailure {
                throw ConformanceFailure("\(name): \(failure.text)")
            }
        }
    }

    public var description: String { name }

    /// Whether lives must run out in this case: without a test clock it takes seconds, and wants a machine with room.
    public var needsTime: Bool { !needs.isDisjoint(with: [.expiry, .time]) }

    /// Whether a backend promises what this case tests.
    public func applies(to capabilities: BackendCapabilities) -> Bool {
        (capabilities.supportsShared || !needs.contains(.shared))
            && (capabilities.supportsPermits || !needs.contains(.permits))
            && (capabilities.supportsPaths || !needs.contains(.paths))
            && (capabilities.keysPerClaimLimit >= 3 || !needs.contains(.severalKeys))
            && (capabilities.isFIFO || !needs.contains(.fifo))
            && (capabilities.supportsListing || !needs.contains(.listing))
            && (capabilities.supportsNotes || !needs.contains(.notes))
            && (capabilities.supportsRecords || !needs.contains(.records))
            && (capabilities.findsDeadlocks || !needs.contains(.deadlocks))
            && (capabilities.expiry == .timeToLive || !needs.contains(.expiry))
    }
}

/// The contract of a backend, as cases: run each that applies, on every backend there is.
public enum Conformance {
    /// All of them. Where `HOLDFAST_CONFORMANCE` is set, those that have its text in their names.
    public static let cases: [ConformanceCase] = {
        guard let text = getenv("HOLDFAST_CONFORMANCE").map({ String(cString: $0) }) else { return all }
        let chosen = all.filter { $0.name.contains(text) }
        precondition(!chosen.isEmpty, "no case has \(text) in its name")
        return chosen
    }()

    private static let all: [ConformanceCase] =
        placing + queues + modes + severalKeys + paths + upgrades + removing + expiring + grants + listing + names
        + notes + records + load + clients + coordination + elections + semaphores + latches + barriers + deadlocks
}
