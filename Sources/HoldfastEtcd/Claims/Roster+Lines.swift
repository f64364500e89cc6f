#if Etcd
import Holdfast

extension Roster.State {
    /// How many of a queue are read at once: those behind wait in any case.
    static let readLimit = 256

    /// The oldest claim here that waits for a lock, and how it stands there.
    func target(of stem: [UInt8], but excluded: Claim.ID? = nil) -> (place: Line.Place, part: LocalClaim.Part)? {
        guard let places = lines[stem]?.places,
            let place = places.first(where: { $0.id != excluded }),
            let part = claims[place.id]?.part(on: stem)
        else { return nil }
        return (place, part)
    }

    /// What to ask the store for a lock's line; `nil` where nobody waits here.
    func question(for stem: [UInt8], but excluded: Claim.ID? = nil, isRaw: Bool) -> LineQuestion? {
        guard let (place, part) = target(of: stem, but: excluded) else { return nil }
        // With raw names other locks' keys may stand between.
        let isTail = part.mode == .exclusive && !isRaw
        let limit = lines[stem]?.needsWhole == true || isRaw ? 0 : Self.readLimit
        return LineQuestion(
            stem: stem, target: place, isTail: isTail,
            request: isTail ? .tail(stem, upTo: place.revision) : .queue(stem, limit: limit))
    }

    /// The claim here that comes clear when this one leaves, if it still stands.
    ///
    /// An exclusive claim that is held stands first; what is blocked by it alone, and not by a number of permits,
    /// stands first after it.
    func heir(of id: Claim.ID, on stem: [UInt8]) -> Line.Heir? {
        guard let leaving = claims[id], leaving.phase == .held, let before = leaving.part(on: stem),
            before.mode == .exclusive, let (place, part) = target(of: stem, but: id),
            part.mode == .exclusive || part.mode == .shared,
            case .blocked(let watch, _) = part.standing, watch == [before.claimKey], leaving.revision < place.revision
        else { return nil }
        return Line.Heir(place: place, stem: stem, key: part.claimKey)
    }

    /// Takes the store's answer in.
    mutating func apply(_ question: LineQuestion, _ answer: Etcdserverpb_RangeResponse, asOf revision: Int64) {
        let order = KeyOrder(answer, under: question.stem)
        if question.isTail {
            applyTail(question, order, asOf: revision)
        } else {
            applyQueue(question, order, hasMore: answer.more, asOf: revision)
        }
        wakeIfNeeded(question.stem)
    }

    private mutating func applyTail(_ question: LineQuestion, _ order: KeyOrder, asOf revision: Int64) {
        let (id, stem) = (question.target.id, question.stem)
        guard let part = claims[id]?.part(on: stem), !part.isClear else { return }
        guard let own = order.entries.last, own.key == part.claimKey else { return gone(id) }
        if let before = order.entries.dropLast().last {
            stands(id, on: stem, .blocked(watch: [before.key], asOf: revision))
        } else {
            cleared(id, on: stem)
        }
    }

    private mutating func applyQueue(
        _ question: LineQuestion, _ order: KeyOrder, hasMore: Bool, asOf revision: Int64
    ) {
        let clear = order.clear
        let positions = Dictionary(order.entries.enumerated().map { ($1.key, $0) }) { first, _ in first }
        lines[question.stem]?.needsWhole = false
        for place in lines[question.stem]?.places ?? [] where place.revision <= revision {
            guard let part = claims[place.id]?.part(on: question.stem) else { continue }
            guard let position = positions[part.claimKey] else {
                if hasMore {
                    if place == question.target { lines[question.stem]?.needsWhole = true }
                    return
                }
                gone(place.id)
                continue
            }
            if clear[position] {
                cleared(place.id, on: question.stem)
                continue
            }
            guard case .blocked(let watch) = order.standing(of: part.claimKey) else { continue }
            // Those behind it are not clear either.
            return stands(place.id, on: question.stem, .blocked(watch: watch, asOf: revision))
        }
    }

    private mutating func stands(_ id: Claim.ID, on stem: [UInt8], _ standing: LocalClaim.Standing) {
        guard let part = claims[id]?.parts.firstIndex(where: { $0.stem == stem }) else { return }
        claims[id]?.parts[part].standing = standing
    }

    /// A key of a lock is deleted, or may be.
    mutating func keyLeft(_ key: [UInt8], _ stem: [UInt8]) {
        guard let (place, part) = target(of: stem), case .blocked(let watch, _) = part.standing, watch.contains(key)
        else { return wakeIfNeeded(stem) }
        stands(place.id, on: stem, .unknown)
        wakeIfNeeded(stem)
    }

    /// Asks for a look at a lock's queue.
    mutating func doubt(_ stem: [UInt8]) {
        guard let (place, _) = target(of: stem) else { return }
        stands(place.id, on: stem, .unknown)
        wakeIfNeeded(stem)
    }

    mutating func leave(_ stem: [UInt8], _ place: Line.Place) {
        lines[stem]?.leave(place)
        wakeIfNeeded(stem)
    }

    /// Wakes the follower of a line, unless all that can change it happens in this process and is told here.
    mutating func wakeIfNeeded(_ stem: [UInt8]) {
        guard let line = lines[stem] else { return }
        if let (place, part) = target(of: stem), case .blocked(let watch, _) = part.standing,
            watch.allSatisfy({ isOurs($0, before: place) })
        {
            return
        }
        effects.bells.append(line.bell)
    }
}
#endif
