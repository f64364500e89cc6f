#if HTTP
public import HTTPTypes
public import Holdfast

extension HTTPField.Name {
    /// `Fencing-Token`: the token of the exclusive lock under which a request writes, in decimal digits.
    public static let fencingToken = name("Fencing-Token")

    private static func name(_ text: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(text) else { preconditionFailure("\(text) is no name of a field") }
        return name
    }
}

extension HTTPFields {
    /// The token that a request carries: set it from the lease whose lock protects what the request changes.
    ///
    /// ```swift
    /// try await locks.withLock("users/42/balance") { lease in
    ///     request.headerFields.fencingToken = lease.token
    ///     try await client.execute(request)
    /// }
    /// ```
    ///
    /// `nil` where there is none, more than one, or another text than a token's; setting it replaces what was there.
    public var fencingToken: FencingToken? {
        get {
            let values = self[values: .fencingToken]
            return values.count == 1 ? values.first.flatMap { FencingToken($0) } : nil
        }
        set { self[values: .fencingToken] = newValue.map { [$0.description] } ?? [] }
    }
}
#endif
