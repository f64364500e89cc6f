#if ZooKeeper
import Holdfast
import Testing

@testable import HoldfastZooKeeper

@Suite struct NodeNameTests {
    private let id = Claim.ID(client: 0x0123_4567_89AB_CDEF, sequence: 42)

    @Test(arguments: [
        (LockMode.exclusive, "_c_01234567-89ab-cdef-0000-00000000002a-lock-"),
        (.shared, "_c_01234567-89ab-cdef-0000-00000000002a-r-lock-"),
        (.permits(2, of: 3), "_c_01234567-89ab-cdef-0000-00000000002a-p3.2-lock-"),
    ])
    func `names come back as they were made`(_ mode: LockMode, _ start: String) throws {
        #expect(NodeName.start(id, mode, .mutex) == start)
        let name = try #require(NodeName(start + "0000000007", .mutex))
        #expect(name.mode == mode && name.sequence == 7 && name.id == id)
    }

    @Test(arguments: [
        ("_c_01234567-89ab-cdef-0000-00000000002a-__WRIT__0000000012", LockMode.exclusive),
        ("_c_01234567-89ab-cdef-0000-00000000002a-__READ__0000000012", .shared),
    ])
    func `the other dialect has Curator's names, too`(_ text: String, _ mode: LockMode) throws {
        let name = try #require(NodeName(text, .readWrite))
        #expect(name.mode == mode && name.sequence == 12 && name.id == id)
        #expect(NodeName.start(id, mode, .readWrite) + "0000000012" == text)
        #expect(NodeName(text, .mutex) == nil)
    }

    @Test(arguments: [
        ("lock-0000000003", LockMode.exclusive), ("0123__lock__0000000003", .exclusive),
        ("0123__rlock__0000000003", .shared), ("_c_not-a-guid-lock-0000000003", .exclusive),
    ])
    func `other libraries' claims are contenders`(_ text: String, _ mode: LockMode) throws {
        let name = try #require(NodeName(text, .mutex))
        #expect(name.mode == mode && name.sequence == 3 && name.id == nil)
    }

    @Test(arguments: ["", "leases", "0000000001", "a0000000001", "-lock-", "_c_x-latch-0000000001", "b"])
    func `what is nobody's claim is none`(_ text: String) { #expect(NodeName(text, .mutex) == nil) }

    @Test(arguments: [".", "..", "zookeeper", "a/b", "ä %", "a\u{0}b", "🔒", "%2E", "plain-._~:@,=+"])
    func `any key is one part of a path`(_ text: String) throws {
        for prefix in ["/", "/locks/", "/locks/app-"] {
            let codec = try PathCodec(prefix: prefix, names: .encoded)
            let path = try codec.parent(of: LockKey(unchecked: text))
            #expect(NodePath.problem(with: path) == nil && path != "/zookeeper")
            #expect(path.dropFirst(codec.directory.count + 1).contains("/") == false)
            #expect(codec.key(ofParent: path)?.text == text)
        }
    }

    @Test(arguments: ["", "/", "a//b", "..", "a/.", "/a", "a/", "\u{0}", "🔒"])
    func `a raw name that is no path is refused`(_ text: String) throws {
        let codec = try PathCodec(prefix: "/locks/", names: .raw)
        let error = #expect(throws: LockError.self) { try codec.parent(of: LockKey(unchecked: text)) }
        #expect(error?.code == .invalidKey)
    }

    @Test func `a raw name is the path itself`() throws {
        let codec = try PathCodec(prefix: "/locks/", names: .raw)
        let path = try codec.parent(of: "a/b")
        #expect(path == "/locks/a/b")
        #expect(codec.key(ofParent: path) == "a/b")
    }

    /// Of four permits before it, out of three, two leave with the last one: not enough.
    @Test func `permits that wait for more than one to leave are not clear when one has`() {
        let names = [1, 1, 2, 2].enumerated().map { number, count in
            "_c_00000000-0000-0001-0000-00000000000\(number)-p3.\(count)-lock-000000000\(number)"
        }
        let order = NodeOrder(names, .mutex)
        guard case .blocked(let watch, let hasMore) = order.knownStanding(of: names[3]) else {
            Issue.record("it is not blocked")
            return
        }
        #expect(watch == [names[2]])
        #expect(hasMore)
    }
}
#endif
