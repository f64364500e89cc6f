import Holdfast

/// What `holdfast bench` was asked for, checked.
struct BenchPlan: Sendable {
    enum Kind: String, Sendable {
        case cycles, handoff
        /// Optimistic updates of records.
        case updates
        /// The store's own requests, without a claim.
        case raw, push
    }

    let kind: Kind
    let workers: Int
    let processes: Int
    let seconds: Duration
    let usesOneKey: Bool
    let isScoped: Bool
    /// Components of the paths that are locked; `nil` for plain keys.
    let depth: Int?
    /// On the task pool, and not on the connection's own thread.
    let usesPool: Bool
    let store: Store

    /// Nobody else's, unless two benches share a process id and a store.
    let prefix: String

    /// The workers of one of the processes.
    func workers(of process: Int) -> Range<Int> {
        workers * process / processes..<workers * (process + 1) / processes
    }

    func key(of worker: Int) -> LockKey {
        let name = kind == .handoff || usesOneKey ? "one" : "\(worker)"
        return LockKey(unchecked: "\(prefix)/\(name)")
    }

    /// What one worker's cycle locks: a plain key, or a path of its own whose ancestors are everybody's.
    func parts(of worker: Int) throws(LockError) -> [Claim.Part] {
        let key = key(of: worker)
        guard let depth else { return [Claim.Part(key)] }
        let name = key.text.replacing("/", with: "-")
        return try LockPath((1..<depth).map { "\(prefix.replacing("/", with: "-"))-\($0)" } + [name])
            .parts(for: .exclusive)
    }
}
