import Foundation
import Glibc
import ServerKit
import Testing

/// `doctor`.
@Suite(.timeLimit(.minutes(2))) struct DoctorTests {
    private struct Diagnosis: Decodable {
        struct Finding: Decodable {
            let weight: String
            let subject: String
            let text: String
            let remedy: String?
        }
        struct RoundTrip: Decodable {
            let median: Double
            let worst: Double
        }
        let version: String
        let store: String
        let reachable: Bool
        let kind: String
        let guarantee: String
        let round_trip_ms: RoundTrip
        let dangers: Int
        let findings: [Finding]

        func finding(_ subject: String, _ weight: String) -> Finding? {
            findings.first { $0.subject == subject && $0.weight == weight }
        }
    }

    private func diagnosis(_ doctor: Running) throws -> Diagnosis {
        try JSONDecoder().decode(Diagnosis.self, from: Data(doctor.output.utf8))
    }

    @Test func `a healthy store is 0, and is left as it was`() async throws {
        let scratch = try Scratch()
        let holder = try scratch.start("lock", "a,b")
        try await eventually("it is held") { try await scratch.claims().count == 2 }
        let doctor = try await scratch.run("doctor", "-o", "json")
        #expect(doctor.status == 0, "\(doctor.output)")
        let found = try diagnosis(doctor)
        #expect(
            found.reachable && found.kind == "sqlite" && found.guarantee == "single authority" && found.dangers == 0)
        #expect(found.store == "sqlite://\(scratch.path("locks.sqlite"))")
        #expect(found.round_trip_ms.median > 0 && found.round_trip_ms.worst >= found.round_trip_ms.median)
        #expect(found.finding("claims", "fine")?.text == "1 held, 0 waiting")
        #expect(found.finding("processes", "fine")?.text.hasPrefix("2 live") == true)
        for subject in ["guarantee", "journal", "size", "integrity", "clock", "permissions", "space"] {
            #expect(found.finding(subject, "fine") != nil, "\(subject): \(doctor.output)")
        }
        #expect(try await scratch.claims().map(\.key) == ["a", "b"])
        holder.send(SIGTERM)
        #expect(try await holder.end() == 0)
    }

    #if Postgres && MySQL
    @Test(arguments: [
        ("postgres://db/app", "locks", "CREATE SEQUENCE IF NOT EXISTS"),
        ("mysql://db/app", "locks@10.%", "'locks'@'10.%'"),
        ("postgres://db/app?locks=table", "locks", "OR REPLACE FUNCTION"),
        ("mariadb://db/app?locks=table", "locks", "GRANT EXECUTE"),
    ])
    func `the script for an administrator is printed without a server`(
        _ store: String, _ role: String, _ part: String
    ) async throws {
        let scratch = try Scratch()
        let script = try await scratch.run("doctor", "--script", role, "--store", store)
        #expect(script.status == 0 && script.output.contains(part) && script.output.contains("GRANT"))
        let bad = try await scratch.run("doctor", "--script", "x; DROP TABLE t", "--store", store)
        #expect(bad.status == 64 && bad.output.isEmpty)
        let file = try await scratch.run("doctor", "--script", role)
        #expect(file.status == 64 && file.output.isEmpty && file.errors.contains("PostgreSQL"))
    }
    #endif

    @Test func `what everybody may write endangers locks: 1, and what to do about it`() async throws {
        let scratch = try Scratch()
        _ = try await scratch.claims()
        let path = scratch.path("locks.sqlite")
        #expect(chmod(path, 0o666) == 0)
        let doctor = try await scratch.run("doctor", "-o", "json")
        #expect(doctor.status == 1)
        let found = try diagnosis(doctor)
        #expect(found.dangers == 1)
        #expect(found.finding("permissions", "danger")?.remedy == "chmod o-w \(path)")
        let text = try await scratch.run("doctor")
        #expect(text.status == 1)
        #expect(text.output.contains("DANGER  permissions") && text.output.contains("-> chmod o-w"))
        #expect(text.output.hasSuffix("findings endanger locks\n"))
        #expect(chmod(path, 0o600) == 0)
        #expect(try await scratch.run("doctor").output.hasSuffix("nothing endangers locks\n"))
    }

    @Test func `a program that outlived its holdfast is noticed`() async throws {
        let scratch = try Scratch()
        let script = "trap '' TERM; setsid sh -c 'echo $$ >$DIR/orphan; exec sleep 60' & wait"
        let front = try scratch.start("run", "k", "--", "sh", "-c", script)
        let orphan = try await scratch.number(in: "orphan")
        // All that would stop it is stopped for good, and only the kernel lock that it inherited is left.
        let family = Kernel.children(of: front.pid) + [front.pid]
        for process in family { kill(process, SIGSTOP) }
        for process in family { kill(process, SIGKILL) }
        try await front.end()
        try #require(Kernel.runs(orphan))
        let doctor = try await scratch.run("doctor", "-o", "json")
        #expect(doctor.status == 0)
        #expect(try diagnosis(doctor).finding("processes", "notice")?.text.contains("1 ended") == true)
        kill(orphan, SIGKILL)
        try await eventually("the claim is free") { try await scratch.claims().isEmpty }
        #expect(try diagnosis(try await scratch.run("doctor", "-o", "json")).finding("processes", "fine") != nil)
    }

    @Test func `a store that cannot be used is 69, in JSON too`() async throws {
        let scratch = try Scratch()
        let url = "sqlite://\(scratch.path("missing/locks"))"
        let doctor = try await scratch.run("doctor", "-o", "json", "--store", url)
        #expect(doctor.status == 69)
        let object = try JSONSerialization.jsonObject(with: Data(doctor.output.utf8)) as? [String: Any]
        #expect(object?["reachable"] as? Bool == false)
        #expect(object?["store"] as? String == url)
        let error = object?["error"] as? String
        #expect(error?.contains("make it first") == true)
        #expect(doctor.errors.contains("make it first"))
    }

    @Test func `a store in memory can be examined as well`() async throws {
        let scratch = try Scratch()
        let doctor = try await scratch.run("doctor", "--store", "memory://")
        #expect(doctor.status == 0, "\(doctor.errors)")
        #expect(doctor.output.contains("round trip"))
    }
}
