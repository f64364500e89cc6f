#if Postgres
public import Holdfast

extension PostgresConfiguration {
    /// The SQL that makes what this store needs, for an administrator where the role that takes locks may not: in one
    /// transaction, with the grants. Where all of it is there nothing changes.
    ///
    /// - Parameter role: who takes locks: 1 to 63 letters, digits and `_`, as it is written in the catalogue.
    /// - Throws: ``LockError/Code/invalidArgument`` for another role, or a schema that cannot be.
    public func script(for role: String) throws(LockError) -> String {
        try validate()
        let isPlain = role.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F: true
            default: false
            }
        }
        guard isPlain, 1...63 ~= role.utf8.count else {
            throw LockError(
                .invalidArgument, "a role has 1 to 63 letters, digits and _; not \(role.debugDescription)")
        }
        return switch locks {
        case .named: NamedLayout(schema: schema).script(for: role)
        case .table: TableLayout(schema: schema).script(for: role)
        }
    }
}
#endif
