#if ZooKeeper
import Foundation
import Glibc
import ServerKit
import Synchronization
import Testing

/// Another library's client, as a process that locks and unlocks by lines; gone with this object.
///
/// ```swift
/// let peer = try await LockPeer(.curator, server.connectString)
/// try await peer.lock("a", .mutex, "/locks/orders")               // true: held
/// try await peer.unlock("a")
/// ```
final class LockPeer: Sendable {
    enum Library: Sendable { case curator, kazoo }

    /// Curator's `InterProcessMutex` or a side of its `InterProcessReadWriteLock`; what corresponds in kazoo.
    enum Kind: String, Sendable { case mutex, read, write }

    private let process: Process
    private let input: FileHandle
    private let lines = Mutex<[String]>([])

    var pid: pid_t { process.processIdentifier }

    /// Starts it, and waits until it is connected.
    ///
    /// - Parameter servers: `host:port,host:port/chroot`.
    init(_ library: Library, _ servers: String, sessionTimeout: Duration = .seconds(4)) async throws {
        process = Process()
        let (words, output) = (try Self.words(library), Pipe())
        process.executableURL = URL(fileURLWithPath: words[0])
        process.arguments = words.dropFirst() + [servers, "\(Int(sessionTimeout / .milliseconds(1)))"]
        let pipe = Pipe()
        input = pipe.fileHandleForWriting
        process.standardInput = pipe
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
        let reading = output.fileHandleForReading
        Thread { [weak self] in
            var rest = Data()
            while case let part = reading.availableData, !part.isEmpty {
                rest += part
                while let end = rest.firstIndex(of: 0x0A) {
                    let line = String(decoding: rest[..<end], as: UTF8.self)
                    self?.lines.withLock { $0.append(line) }
                    rest = Data(rest[(end + 1)...])
                }
            }
        }.start()
        try await eventually("the peer is connected", within: .seconds(30)) {
            guard process.isRunning else { throw TestFailure("the peer has ended: \(words)") }
            return lines.withLock { $0.contains("ready") }
        }
    }

    private static func words(_ library: Library) throws -> [String] {
        let here = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let root = (0..<3).reduce(here) { url, _ in url.deletingLastPathComponent() }
        let (jar, python) = ("/usr/share/java/curator-recipes.jar", root.path + "/.build-python/bin/python3")
        switch library {
        case .curator:
            guard access(jar, R_OK) == 0, access("/usr/bin/javac", X_OK) == 0 else {
                throw TestFailure("no \(jar), or no javac: scripts/setup installs them")
            }
            return [
                "/usr/bin/java", "-XX:+UseSerialGC", "-cp", jar, here.path + "/Peers/CuratorPeer.java",
            ]
        case .kazoo:
            guard access(python, X_OK) == 0 else { throw TestFailure("no \(python): scripts/setup installs it") }
            return [python, here.path + "/Peers/kazoo_peer.py"]
        }
    }

    deinit {
        // Its session ends with its input.
        try? input.close()
        process.terminate()
        process.waitUntilExit()
    }

    /// - Parameters:
    ///   - id: of the lock, for ``unlock(_:)``. One who holds at a time.
    ///   - patience: how long it waits.
    ///   - patterns: kazoo's `extra_lock_patterns`.
    /// - Returns: whether it holds.
    func lock(
        _ id: String, _ kind: Kind, _ path: String, within patience: Duration = .zero, patterns: [String] = []
    ) async throws -> Bool {
        let milliseconds = Int(patience / .milliseconds(1))
        try ask((["lock", id, kind.rawValue, path, "\(milliseconds)"] + patterns).joined(separator: " "))
        switch try await answer(id, within: patience + .seconds(10)) {
        case "held": return true
        case "late": return false
        case let other: throw TestFailure("the peer says \(other)")
        }
    }

    func unlock(_ id: String) async throws {
        try ask("unlock \(id)")
        let answer = try await answer(id)
        guard answer == "free" else { throw TestFailure("the peer says \(answer)") }
    }

    /// A line to it, as its source says.
    func ask(_ line: String) throws { try input.write(contentsOf: Data((line + "\n").utf8)) }

    /// What it says next about `id`.
    func answer(_ id: String, within bound: Duration = .seconds(10)) async throws -> String {
        var found: String?
        try await eventually("the peer answers about \(id)", within: bound) {
            found = lines.withLock { lines in
                lines.firstIndex { $0.hasPrefix(id + " ") }.map { lines.remove(at: $0) }
            }
            return found != nil
        }
        return String(try #require(found).dropFirst(id.utf8.count + 1))
    }

    /// `kill -9`: its nodes stay until its session expires.
    func kill() {
        _ = Glibc.kill(pid, SIGKILL)
        process.waitUntilExit()
    }

    /// It keeps its connection and says nothing.
    func pause() { _ = Glibc.kill(pid, SIGSTOP) }
    func resume() { _ = Glibc.kill(pid, SIGCONT) }
}

extension ZooKeeperServer {
    /// As other libraries have it.
    var connectString: String { "127.0.0.1:\(port)" }
}
#endif
