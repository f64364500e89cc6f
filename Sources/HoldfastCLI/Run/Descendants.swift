import CHoldfastProcess
import Glibc

/// The processes that descend from the front, but for the engine and what was there before: CMD and all its own. Or,
/// where the calling shell's file is the work, the shell and all its own.
///
/// The front is their subreaper, so whatever loses its parent becomes the front's own child, and a process that
/// descends from CMD is always reached from there, also one that called `setsid`.
struct Descendants {
    private static let processesLimit: Int32 = 65_536
    private static let generationsLimit = 1_000

    private let front = getpid()
    private let shell: pid_t?
    private var others: Set<pid_t>

    /// - Throws: where there is no `/proc`.
    init(shell: pid_t?) throws(Failure) {
        guard let children = Self.children(of: front) else {
            throw Failure(.internalError, "holdfast run needs /proc")
        }
        self.shell = shell
        others = Set(children + [front])
    }

    mutating func exclude(_ process: pid_t) { others.insert(process) }

    /// A pid that was reaped may come back as somebody else.
    mutating func reaped(_ process: pid_t) { others.remove(process) }

    /// Whether none is left; what ended is reaped before this is asked. While one lives, one is the front's own child.
    var isEmpty: Bool {
        guard shell == nil else { return all.allSatisfy { hf_running_group($0) < 0 } }
        return Self.children(of: front)?.allSatisfy(others.contains) ?? true
    }

    func signal(_ signals: Int32...) {
        for process in all { for signal in signals { kill(process, signal) } }
    }

    private var all: [pid_t] {
        var found: [pid_t] = []
        var generation = (shell.map { [$0] } ?? Self.children(of: front) ?? []).filter { !others.contains($0) }
        for _ in 0..<Self.generationsLimit where !generation.isEmpty {
            found += generation
            generation = generation.flatMap { Self.children(of: $0) ?? [] }.filter { !others.contains($0) }
        }
        return found
    }

    private static func children(of process: pid_t) -> [pid_t]? {
        list { hf_children(process, $0, processesLimit) }
    }

    private static func list(_ fill: (UnsafeMutablePointer<pid_t>?) -> Int32) -> [pid_t]? {
        var count: Int32 = 0
        let found = [pid_t](unsafeUninitializedCapacity: Int(processesLimit)) { buffer, used in
            count = fill(buffer.baseAddress)
            used = Int(max(count, 0))
        }
        return count < 0 ? nil : found
    }
}

/// CMD and its own after the front is gone, when they are nobody's descendants that we could follow.
enum Orphans {
    private static let processesLimit: Int32 = 65_536
    private static let pauseMicroseconds: UInt32 = 5_000

    /// Kills them until none runs. Zombies do not run, whoever reaps them.
    ///
    /// - Parameters:
    ///   - group: CMD's process group; nil where CMD stayed in the shell's job, whose other members are not ours.
    ///   - mark: an entry of the environment that CMD alone was started with; finds also what left the group.
    static func killAll(group: pid_t?, mark: String) {
        while true {
            let orphans = all { process, itsGroup in
                itsGroup == group || hf_environment_has(process, mark) != 0
            }
            guard !orphans.isEmpty else { return }
            for orphan in orphans { kill(orphan, SIGKILL) }
            usleep(pauseMicroseconds)
        }
    }

    private static func all(where isOurs: (pid_t, pid_t) -> Bool) -> [pid_t] {
        let processes = [pid_t](unsafeUninitializedCapacity: Int(processesLimit)) { buffer, used in
            used = Int(max(0, hf_processes(buffer.baseAddress, processesLimit)))
        }
        return processes.filter { process in
            let group = hf_running_group(process)
            return group > 0 && isOurs(process, group)
        }
    }
}
