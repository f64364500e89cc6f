#if ZooKeeper
public import Holdfast

extension ZooKeeperBackend {
    /// One request, unless another client has changed the claim's data meanwhile, to ask for it.
    ///
    /// The claim's own session writes: where that is over nothing is written, whoever stands there now.
    public func annotate(_ id: Claim.ID, with note: ClaimNote) async throws(LockError) -> Removal {
        do throws(ZooKeeperError) {
            for _ in 0..<bounds.attemptsLimit {
                guard let claim = roster.update({ $0.claims[id] }), claim.phase != .gone else { return .absent }
                guard claim.isLive else { throw .failed(Self.unplaced) }
                if try await annotate(id, claim, note) { return .removed }
            }
            throw .failed(Self.contended)
        } catch {
            throw error.lockError
        }
    }

    /// - Returns: whether it was done; otherwise what is known of the claim is mended by now.
    private func annotate(
        _ id: Claim.ID, _ claim: LocalClaim, _ note: ClaimNote
    ) async throws(ZooKeeperError) -> Bool {
        do throws(ZooKeeperError) {
            var contents: [LocalClaim.Content] = []
            for part in claim.parts {
                var content = part.content
                if content == nil {
                    let (data, stat) = try await claim.session.data(part.path)
                    content = LocalClaim.Content(data: data, version: stat.version)
                }
                guard let content else { continue }
                contents.append(content.replacingNote(by: note))
            }
            let versions = try await write(contents, of: claim)
            for (index, version) in versions.enumerated() { contents[index].version = version }
            roster.update { $0.keep(contents, of: id, claim.session) }
            return true
        } catch {
            switch error.fault {
            case .badVersion: roster.update { $0.keep(nil, of: id, claim.session) }
            case .noNode: roster.update { $0.gone(id) }
            case .sessionExpired: lost(claim.life)
            default: throw error
            }
            return false
        }
    }

    /// All or none; each only where it is as it was.
    ///
    /// - Returns: the versions that they have now.
    private func write(
        _ contents: [LocalClaim.Content], of claim: LocalClaim
    ) async throws(ZooKeeperError) -> [Int32] {
        let items = Array(zip(claim.parts.map(\.path), contents))
        if items.count == 1 {
            let (path, content) = items[0]
            return [try await claim.session.setData(path, content.data, version: content.version).version]
        }
        let (results, _) = try await claim.session.multi(
            items.map { .setData(path: $0, data: $1.data, version: $1.version) })
        if let fault = results.fault { throw ZooKeeperError(fault) }
        return results.compactMap { if case .changed(let stat) = $0 { stat.version } else { nil } }
    }

    private static let unplaced = LockError(.unavailable, "the claim is not known to be placed yet: place it again")
    static let contended = LockError(.unavailable, "a claim's data in ZooKeeper was changed by others again and again")
}

extension LocalClaim.Content {
    fileprivate func replacingNote(by note: ClaimNote) -> Self {
        Self(data: ClaimValue.replacingNote(in: data, by: note.encoded), version: version)
    }
}

extension Roster.State {
    /// Notes what stands in a claim's nodes, as its session has read or written it last; `nil` where that is not known.
    mutating func keep(_ contents: [LocalClaim.Content]?, of id: Claim.ID, _ session: ZooKeeperSession) {
        guard let claim = claims[id], claim.session === session else { return }
        for index in claim.parts.indices {
            // An answer may have been overtaken by a later one's.
            if let new = contents?[index], let old = claim.parts[index].content, new.version < old.version { continue }
            claims[id]?.parts[index].content = contents?[index]
        }
    }
}
#endif
