import DequeModule
import Synchronization

/// A ``FenceGuard`` for each of many resources of this process, whose writes may await.
///
/// The writes to one resource come one at a time, in the order in which they asked; those to others do not wait for
/// them. A restart forgets: resources that outlive the process keep the greatest token with their data, and it is given
/// back as `seen`.
public final class FenceGuards: FenceMemory {
    /// The most bytes of a resource's name.
    public static let resourceBytesLimit = 1_024

    private struct Resource {
        var greatest: FencingToken?
        var isBusy = false
        var queue: Deque<Turn> = []
    }

    /// One write that waits. It has its turn when it is no longer in the queue.
    private final class Turn: Sendable {
        let isMine = Signal()
    }

    private let resourcesLimit: Int
    private let waitersLimit: Int
    private let resources: Mutex<[String: Resource]>

    /// Makes guards.
    ///
    /// - Parameters:
    ///   - seen: the greatest exclusive token of each resource that remembers one; none by default.
    ///   - resourcesLimit: how many resources are remembered; 10,000 by default. None is forgotten to make room for
    ///     another, since a stale holder would pass: further ones are refused.
    ///   - waitersLimit: how many writes may wait for one resource; 1,000 by default.
    public init(seen: [String: FencingToken] = [:], resourcesLimit: Int = 10_000, waitersLimit: Int = 1_000) {
        self.resourcesLimit = resourcesLimit
        self.waitersLimit = waitersLimit
        resources = Mutex(seen.mapValues { Resource(greatest: $0) })
    }

    /// The greatest token that was let pass to a resource; `nil` where none was.
    public func greatest(of resource: String) -> FencingToken? { resources.withLock { $0[resource]?.greatest } }

    /// Makes room: from now on any token passes to the resource, also a stale one.
    ///
    /// For resources that are gone for good. One that is just written to is kept.
    ///
    /// - Parameter resource: as it was named in ``admitting(_:to:_:)``.
    /// - Returns: whether it was forgotten.
    @discardableResult
    public func forget(_ resource: String) -> Bool {
        resources.withLock { resources in
            guard let known = resources[resource], !known.isBusy else { return false }
            resources[resource] = nil
            return true
        }
    }

    /// Lets a holder write to a resource while nobody else does, unless a later one has been there.
    ///
    /// A write that throws has passed all the same. Nothing is asked of any server.
    ///
    /// - Parameters:
    ///   - token: of an exclusive lease; the same one may come any number of times.
    ///   - resource: 1 to ``resourceBytesLimit`` bytes.
    ///   - write: what is done to it, without a write to the same resource through these guards, which would wait for
    ///     itself.
    /// - Throws: as ``FenceMemory/admitting(_:to:_:)``. Cancelling ends the wait for a turn; a write that has begun is
    ///   its own master.
    public func admitting<R: Sendable>(
        _ token: FencingToken, to resource: String, _ write: () async throws -> R
    ) async throws -> R {
        if let turn = try enter(token, resource) { try await wait(for: turn, resource) }
        defer { leave(resource) }
        try pass(token, resource)
        return try await write()
    }

    /// - Returns: what to wait for; `nil` where the turn is ours at once.
    private func enter(_ token: FencingToken, _ name: String) throws(LockError) -> Turn? {
        guard 1...Self.resourceBytesLimit ~= name.utf8.count else {
            throw LockError(
                .invalidArgument,
                "a guarded resource has a name of 1 to \(Self.resourceBytesLimit) bytes, not \(name.utf8.count)")
        }
        let outcome = resources.withLock { resources -> Result<Turn?, LockError> in
            guard var resource = resources[name] ?? (resources.count < resourcesLimit ? Resource() : nil) else {
                return .failure(full)
            }
            defer { resources[name] = resource }
            guard resource.isBusy else {
                resource.isBusy = true
                return .success(nil)
            }
            guard resource.queue.count < waitersLimit else { return .failure(crowded) }
            let turn = Turn()
            resource.queue.append(turn)
            return .success(turn)
        }
        return try outcome.get()
    }

    private func wait(for turn: Turn, _ name: String) async throws {
        if await turn.isMine.wait() { return }
        let isOurs = resources.withLock { resources in
            guard let place = resources[name]?.queue.firstIndex(where: { $0 === turn }) else { return true }
            resources[name]?.queue.remove(at: place)
            return false
        }
        // The turn came in the very moment of the cancellation: it goes on to the next.
        if isOurs { leave(name) }
        throw CancellationError()
    }

    private func pass(_ token: FencingToken, _ name: String) throws(LockError) {
        let outcome = resources.withLock { resources -> Result<Void, LockError> in
            do throws(LockError) {
                return .success(try FenceGuard.pass(token, .exclusive, &resources[name, default: Resource()].greatest))
            } catch {
                return .failure(error)
            }
        }
        try outcome.get()
    }

    private func leave(_ name: String) {
        let next = resources.withLock { resources in
            let next = resources[name]?.queue.popFirst()
            if next == nil { resources[name]?.isBusy = false }
            return next
        }
        next?.isMine.set()
    }

    private var full: LockError {
        LockError(
            .limitExceeded,
            "\(resourcesLimit) guarded resources are remembered, and none can be forgotten safely; forget(_:) those "
                + "that are gone, or raise resourcesLimit")
    }

    private var crowded: LockError {
        LockError(
            .limitExceeded,
            "\(waitersLimit) writes wait for this resource; write more briefly, or raise waitersLimit")
    }
}
