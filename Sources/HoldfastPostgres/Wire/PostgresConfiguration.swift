#if Postgres
/// Where a PostgreSQL server is, and how Holdfast uses it.
public struct PostgresConfiguration: Sendable, Hashable {
    /// How a key becomes an advisory lock's number.
    public var keys = KeyFunction.holdfast

    public init() {}
}
#endif
