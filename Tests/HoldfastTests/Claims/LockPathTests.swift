import Holdfast
import Testing

@Suite struct LockPathTests {
    private func text(_ parts: [Claim.Part]) -> [String] { parts.map { "\($0.key) \($0.mode)" } }

    private func refusal(_ path: LockPath) -> LockError.Code? {
        let error = #expect(throws: LockError.self) { try path.parts() }
        return error?.code
    }

    @Test func `a path is written with slashes between its components`() throws {
        let id = "42"
        let path: LockPath = "users" / "42" / "profile"
        #expect(path == LockPath("users" / id / "profile"))
        #expect(path == LockPath("users") / "\(id)" / "profile")
        #expect(path == LockPath(["users", "42", "profile"]))
        #expect(path == LockPath(separating: "users/42/profile"))
        #expect(path.description == "users/42/profile")
        #expect(try path.key() == "users/42/profile")
        #expect(path != "users" / "42")
        #expect(LockPath("\u{e9}") != LockPath("e\u{301}"))
    }

    @Test func `a claim on it takes intentions on its ancestors`() throws {
        let path: LockPath = "users" / "42" / "profile"
        #expect(
            text(try path.parts(for: .shared)) == [
                "users path intention shared", "users/42 path intention shared", "users/42/profile path shared",
            ])
        for (access, mode) in [(LockPath.Access.upgradeable, "upgradeable"), (.exclusive, "exclusive")] {
            #expect(
                text(try path.parts(for: access)) == [
                    "users path intention exclusive", "users/42 path intention exclusive",
                    "users/42/profile path \(mode)",
                ])
        }
        #expect(text(try LockPath("users").parts()) == ["users path exclusive"])
    }

    @Test func `several paths are one claim, with the weakest modes that give all`() throws {
        let parts = try LockPath.parts(of: [("a" / "b", .shared), ("a" / "c", .exclusive), ("a" / "b" / "d", .shared)])
        #expect(
            text(parts) == [
                "a path intention exclusive", "a/b path shared", "a/b/d path shared", "a/c path exclusive",
            ])
        let both = try LockPath.parts(of: [("a" / "b", .shared), ("a" / "b" / "c", .exclusive)])
        #expect(text(both) == ["a path intention exclusive", "a/b path exclusive", "a/b/c path exclusive"])
    }

    @Test func `a component from outside stays within its branch`() {
        for component in ["", "a/b", "/", "..", ".", "a/", "a\u{0}b", "a\nb"] {
            #expect(refusal("users" / component / "profile") == .invalidKey)
        }
        #expect(refusal(LockPath([])) == .invalidKey)
        #expect(refusal(LockPath(separating: "a//b")) == .invalidKey)
        #expect(refusal(LockPath(separating: "/a")) == .invalidKey)
        #expect(refusal(LockPath(separating: "")) == .invalidKey)
    }

    @Test func `depth and length have bounds`() throws {
        let deep = Array(repeating: "a", count: LockPath.depthLimit)
        #expect(try LockPath(deep).parts().count == LockPath.depthLimit)
        #expect(refusal(LockPath(deep + ["a"])) == .invalidKey)
        let long = String(repeating: "a", count: 255)
        #expect(try LockPath([long, long + "b"]).key().text.utf8.count == LockKey.bytesLimit)
        #expect(refusal(LockPath([long, long + "bc"])) == .invalidKey)
    }

    @Test func `an ancestor is one by whole components`() {
        #expect(LockPath.isAncestor("users/4", of: "users/4/profile"))
        #expect(LockPath.isAncestor("users", of: "users/4/profile"))
        #expect(!LockPath.isAncestor("users/4", of: "users/42"))
        #expect(!LockPath.isAncestor("users/4", of: "users/4"))
        #expect(!LockPath.isAncestor("users/4/profile", of: "users/4"))
    }
}
