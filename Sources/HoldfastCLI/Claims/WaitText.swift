import Holdfast

/// Who waits for whom, for people: a line for each claim, and below a holder what it waits for itself.
struct WaitText {
    /// Deeper chains are cut.
    private static let depthLimit = 16

    private let graph: WaitGraph

    init(_ graph: WaitGraph) { self.graph = graph }

    /// - Returns: an empty text where nobody has the key or waits for it.
    func text(of key: LockKey) -> String {
        guard let queue = graph.queues[key], !queue.isEmpty else { return "" }
        return Terminal.escaped(key.text) + "\n" + lines(key, at: 1, above: []).map { $0 + "\n" }.joined()
    }

    private func lines(_ key: LockKey, at depth: Int, above: [Claim.ID]) -> [String] {
        let indent = String(repeating: "  ", count: depth)
        return (graph.queues[key] ?? []).flatMap { record -> [String] in
            let since = DurationText.brief(record.age)
            let verb = record.isHeld ? "holds it" : "waits for it"
            let line = "\(indent)\(Terminal.escaped("\(record.owner)")) \(verb), \(record.mode), for \(since)"
            guard record.isHeld else { return [line] }
            return [line] + record.waits.flatMap { further($0, at: depth + 1, above: above) }
        }
    }

    private func further(_ wait: ClaimNote.Wait, at depth: Int, above: [Claim.ID]) -> [String] {
        let indent = String(repeating: "  ", count: depth)
        let line = "\(indent)and waits for \(Terminal.escaped(wait.key.text))"
        guard !above.contains(wait.claim) else { return [line + ": a circle"] }
        guard depth < Self.depthLimit else { return [line + " …"] }
        return [line] + lines(wait.key, at: depth + 1, above: above + [wait.claim])
    }
}
