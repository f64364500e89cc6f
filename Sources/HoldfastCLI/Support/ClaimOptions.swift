import ArgumentParser
import Holdfast

/// How a lock is wanted: what `run` and `lock` have in common.
struct ClaimOptions: ParsableArguments {
    @Flag(name: [.customShort("s"), .customLong("shared")], help: "Share the lock with other readers.")
    var isShared = false

    @Flag(
        name: [.customShort("x"), .customShort("e"), .customLong("exclusive")],
        help: "Have the lock alone; the default.")
    var isExclusive = false

    @Option(
        parsing: .unconditional,
        help: ArgumentHelp("Take N of LIMIT permits: a semaphore.", valueName: "N/LIMIT"))
    var permits: String?

    @Flag(
        name: .customLong("path"),
        help: "The name is a path, such as users/42/profile: the lock covers all below it.")
    var isPath = false

    @OptionGroup var hold: HoldOptions
}

extension ClaimOptions {
    /// Checks everything.
    ///
    /// - Parameter names: as on the command line: `a,b,c` is one claim on three keys; `\,` is a comma in a name.
    func plan(names: [UInt8], _ settings: Settings) throws(Failure) -> ClaimPlan {
        let mode = try mode()
        if isPath { return try hold.plan(names: names, try paths(names, mode), settings) }
        var parts: [Claim.Part] = []
        for key in try Arguments.keys(names) { parts.append(Claim.Part(key, mode)) }
        return try hold.plan(names: names, parts, settings)
    }

    /// One claim on all of the paths.
    private func paths(_ names: [UInt8], _ mode: LockMode) throws(Failure) -> [Claim.Part] {
        if case .permits = mode { throw Failure(.usage, "choose --path or --permits") }
        var paths: [(path: LockPath, access: LockPath.Access)] = []
        for key in try Arguments.keys(names) {
            let path = LockPath(separating: key.text)
            guard !paths.contains(where: { $0.path == path }) else { throw Failure(.usage, "a name is given twice") }
            paths.append((path, mode == .shared ? .shared : .exclusive))
        }
        do throws(LockError) { return try LockPath.parts(of: paths) } catch { throw Failure(error) }
    }

    private func mode() throws(Failure) -> LockMode {
        guard !isShared || !isExclusive else { throw Failure(.usage, "choose -s or -x") }
        guard let permits else { return isShared ? .shared : .exclusive }
        guard !isShared, !isExclusive else { throw Failure(.usage, "choose -s, -x or --permits") }
        let numbers = permits.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
        guard numbers.count == 2, let count = numbers[0], let limit = numbers[1] else {
            throw Failure(.usage, "--permits \"\(permits)\": write N/LIMIT, such as 1/4")
        }
        let mode = LockMode.permits(count, of: limit)
        do throws(LockError) { try mode.validate() } catch { throw Failure(error) }
        return mode
    }
}
