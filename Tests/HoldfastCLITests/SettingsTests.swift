import Foundation
import ServerKit
import Testing

@testable import HoldfastCLI

struct SettingsTests {
    @Test func `a flag stands over the environment, and that over the file`() throws {
        let settings = try Settings(
            environment: ["HOLDFAST_TTL": "20s"], file: ["HOLDFAST_TTL": "10s", "HOLDFAST_KILL_AFTER": "1s"])
        #expect(settings.entry(.timeToLive, flag: "30s", name: "--ttl")?.text == "30s")
        #expect(settings.entry(.timeToLive)?.text == "20s")
        #expect(settings.entry(.killAfter)?.text == "1s")
        #expect(settings.entry(.killAfter)?.origin == "HOLDFAST_KILL_AFTER")
        #expect(settings.entry(.onLost) == nil)
    }

    @Test func `a file has names, values, quotes and comments`() throws {
        let text =
            "# ours\n\n HOLDFAST_TTL = 5s \nHOLDFAST_STORE=\"sqlite:///a b?prefix=x%3D\"\nHOLDFAST_ON_LOST='ignore'"
        let settings = try SettingsFile.parse(text, "f")
        #expect(
            settings == [
                "HOLDFAST_TTL": "5s", "HOLDFAST_STORE": "sqlite:///a b?prefix=x%3D", "HOLDFAST_ON_LOST": "ignore",
            ])
    }

    @Test(arguments: ["HOLDFAST_TLL=5s", "HOLDFAST_TTL", "HOLDFAST_TTL=5s\nHOLDFAST_TTL=6s", "HOLDFAST_NAME=k"])
    func `what is not understood is an error, and shows no value`(_ text: String) {
        let failure = #expect(throws: Failure.self) { try SettingsFile.parse(text, "f") }
        #expect(failure?.status == .usage)
        #expect(failure?.message.contains("5s") == false)
    }

    @Test(arguments: ["redis://:pw@h", "redis://u:pw@h:1/0", "postgres://u:p%40w@h/db?x=1"])
    func `a password has no place among the arguments`(_ url: String) {
        let failure = #expect(throws: Failure.self) { try Secrets.refuse(inArgument: url) }
        #expect(failure?.message.contains("pw") == false)
    }

    @Test(arguments: ["redis://u@h:1/0", "sqlite:///a:b@c", "redis://[::1]:6379", "nonsense"])
    func `a URL without a password may be one`(_ url: String) throws {
        try Secrets.refuse(inArgument: url)
    }
}

@Suite(.timeLimit(.minutes(1))) struct SettingsFileTests {
    @Test func `the command reads the user's file, and refuses one that others may write`() async throws {
        let scratch = try Scratch()
        try FileManager.default.createDirectory(atPath: scratch.path("holdfast"), withIntermediateDirectories: true)
        let path = scratch.path("holdfast/holdfast.conf")
        try "HOLDFAST_TTL=100ms\n".write(toFile: path, atomically: true, encoding: .utf8)
        let run = try await scratch.run("run", "k", "true")
        #expect(run.status == 64)
        #expect(run.errors.contains("HOLDFAST_TTL 100ms: a time to live is 1s to 24h"))
        #expect(try await scratch.run("run", "--ttl", "5s", "k", "true").status == 0)
        try FileManager.default.setAttributes([.posixPermissions: 0o666], ofItemAtPath: path)
        let refused = try await scratch.run("run", "--ttl", "5s", "k", "true")
        #expect(refused.status == 64)
        #expect(refused.errors.contains("chmod go-w"))
    }
}
