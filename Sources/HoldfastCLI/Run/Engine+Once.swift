import Holdfast

/// What `holdfast once` records of a command.
struct OnceEntry: Codable, Hashable, Sendable {
    let status: Int32
    /// The beginning of what it printed.
    let output: RecordBytes
    let isCut: Bool
}

extension Engine {
    /// The record, where it is to run once.
    func onceRecord(_ client: LockClient) async throws(LockError) -> OnceRecord<OnceEntry>? {
        guard let once = plan.once else { return nil }
        return try await OnceRecord(client, plan.claim.parts[0].key, retention: once.retention)
    }

    /// Without the lock. Where the store does not answer, the lock is waited for all the same.
    func lookFirst(_ record: OnceRecord<OnceEntry>?) async throws(LockError) -> EngineMessage? {
        do throws(LockError) {
            return try await record?.look().map(recorded)
        } catch {
            guard error.code == .unavailable else { throw error }
            return nil
        }
    }

    /// Who holds the lock may have recorded its end, and not yet have released it. If this fails, the lock says more.
    func lookLast(_ record: OnceRecord<OnceEntry>?) async -> EngineMessage? {
        guard let entry = try? await record?.look() else { return nil }
        return recorded(entry)
    }

    /// It ran before: hands over what it printed.
    func recorded(_ entry: OnceEntry) -> EngineMessage {
        capture?.keep(entry.output.bytes)
        if entry.isCut {
            warn("\"\(plan.claim.name)\" ran before; not all of what it printed was kept")
        } else if plan.voice == .verbose {
            warn("\"\(plan.claim.name)\" ran before, and exited \(entry.status)")
        }
        return .recorded(ExitStatus(code: entry.status))
    }

    /// Records how the command ended, where the front says that it counts.
    ///
    /// - Returns: the last word, where that failed.
    func record(in record: OnceRecord<OnceEntry>?, _ lease: Lease) async -> EngineMessage? {
        guard let record, let status = capture?.status else { return nil }
        let (output, isCut) = plan.once?.keepsOutput == true ? capture?.output() ?? ([], true) : ([], false)
        let entry = OnceEntry(status: status.code, output: RecordBytes(output), isCut: isCut)
        do throws(LockError) {
            guard lease.isHeld else {
                throw LockError(.leaseLost, "the lock was lost before it was recorded that the command ran")
            }
            let stands = try await record.write(entry, token: lease.token)
            if stands != entry {
                warn("the lock was lost: \"\(plan.claim.name)\" ran twice, and the record of the other run stands")
            }
            return nil
        } catch {
            let failure = Failure(error)
            return .unrecorded("\"\(plan.claim.name)\" may run again: \(failure.message)")
        }
    }

    private func warn(_ text: String) { channel.send(EngineMessage.warning(text).text) }
}
