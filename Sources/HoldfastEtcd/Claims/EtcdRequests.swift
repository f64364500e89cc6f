#if Etcd
import Holdfast
import SwiftProtobuf

/// The few requests and conditions that claims are made of.
extension Etcdserverpb_RequestOp {
    static func put(_ key: [UInt8], _ value: [UInt8], lease: Int64) -> Self {
        with {
            $0.requestPut.key = key.data
            $0.requestPut.value = value.data
            $0.requestPut.lease = lease
        }
    }

    /// The value stays as it is.
    static func move(_ key: [UInt8], to lease: Int64) -> Self {
        with {
            $0.requestPut.key = key.data
            $0.requestPut.ignoreValue = true
            $0.requestPut.lease = lease
        }
    }

    /// The lease stays as it is. Where the key is not there the server refuses all of the transaction.
    static func rewrite(_ key: [UInt8], _ value: [UInt8]) -> Self {
        with {
            $0.requestPut.key = key.data
            $0.requestPut.value = value.data
            $0.requestPut.ignoreLease = true
        }
    }

    static func delete(_ key: [UInt8]) -> Self { with { $0.requestDeleteRange.key = key.data } }

    static func range(_ request: Etcdserverpb_RangeRequest) -> Self { with { $0.requestRange = request } }
}

extension Etcdserverpb_DeleteRangeRequest {
    static func key(_ key: [UInt8]) -> Self { with { $0.key = key.data } }
}

extension Etcdserverpb_RangeRequest {
    static func one(_ key: [UInt8]) -> Self { with { $0.key = key.data } }

    /// Whether a key is there.
    static func presence(_ key: [UInt8]) -> Self {
        with {
            $0.key = key.data
            $0.keysOnly = true
        }
    }

    static func all(from start: [UInt8], keysOnly: Bool = false, limit: Int = 0) -> Self {
        keys((start, NameCodec.end(of: start)), keysOnly: keysOnly, limit: limit)
    }

    static func keys(_ range: (start: [UInt8], end: [UInt8]), keysOnly: Bool = false, limit: Int = 0) -> Self {
        with {
            $0.key = range.start.data
            $0.rangeEnd = range.end.data
            $0.keysOnly = keysOnly
            $0.limit = Int64(limit)
        }
    }

    /// A lock's claims in their order, the oldest `limit` of them.
    static func queue(_ stem: [UInt8], limit: Int = 0) -> Self {
        var request = all(from: stem, limit: limit)
        request.sortTarget = .create
        request.sortOrder = .ascend
        return request
    }

    /// The claim of this revision and the one before it; without one, of those there are.
    static func tail(_ stem: [UInt8], upTo revision: Int64 = 0) -> Self {
        var request = all(from: stem, keysOnly: revision > 0, limit: 2)
        request.sortTarget = .create
        request.sortOrder = .descend
        request.maxCreateRevision = revision
        return request
    }
}

extension Etcdserverpb_Compare {
    /// The key is there, since that revision; it is not there at 0.
    static func created(_ key: [UInt8], at revision: Int64) -> Self {
        with {
            $0.key = key.data
            $0.target = .create
            $0.result = .equal
            $0.createRevision = revision
        }
    }

    /// The key was last written at that revision; it is not there at 0.
    static func written(_ key: [UInt8], at revision: Int64) -> Self {
        with {
            $0.key = key.data
            $0.target = .mod
            $0.result = .equal
            $0.modRevision = revision
        }
    }

    /// There is no key that begins so.
    static func nothing(under stem: [UInt8]) -> Self {
        var compare = created(stem, at: 0)
        compare.rangeEnd = NameCodec.end(of: stem).data
        return compare
    }

    /// No key that begins so has come since. Notes and leases of those that were there may change.
    static func nothingNew(under stem: [UInt8], since revision: Int64) -> Self {
        with {
            $0.key = stem.data
            $0.rangeEnd = NameCodec.end(of: stem).data
            $0.target = .create
            $0.result = .less
            $0.createRevision = revision + 1
        }
    }
}

extension Mvccpb_KeyValue {
    /// Whose this is: its value says so where the key was an earlier claim's; `nil` for other programs' keys.
    var claimID: Claim.ID? {
        guard let value = ClaimValue(value.bytes) else { return nil }
        return value.id ?? NameCodec.id(ofKey: key.bytes)
    }
}

/// Claims by their keys in the store, ordered by the revisions that created them.
typealias KeyOrder = ClaimOrder<[UInt8]>

extension KeyOrder {
    /// Reads an answer; keys of locks whose raw names only begin alike are left out.
    init(_ answer: Etcdserverpb_RangeResponse, under stem: [UInt8]) {
        var entries = answer.kvs.compactMap { found -> Entry? in
            let key = found.key.bytes
            guard NameCodec.own(key, under: stem) != nil else { return nil }
            return Entry(
                key: key, revision: found.createRevision, mode: ClaimValue.mode(of: found.value.bytes),
                lease: found.lease)
        }
        entries.sort {
            $0.revision == $1.revision ? $0.key.lexicographicallyPrecedes($1.key) : $0.revision < $1.revision
        }
        self.init(entries)
    }
}
#endif
