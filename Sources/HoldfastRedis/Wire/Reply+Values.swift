#if Redis
import Holdfast

extension Request.Reply {
    /// The one reply; throws what the server says about itself.
    func value() throws(LockError) -> RESPValue {
        guard case .one(let value) = self else { preconditionFailure("one command has one reply") }
        if case .error(let text) = value, let fault = ServerFault.error(for: text) { throw fault }
        return value
    }

    var values: [RESPValue] {
        switch self {
        case .one(let value): [value]
        case .many(let values): values
        }
    }
}
#endif
