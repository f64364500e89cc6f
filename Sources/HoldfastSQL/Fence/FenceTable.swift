package import Holdfast

/// A table whose rows remember the greatest fencing token that wrote them, checked for use in SQL.
package struct FenceTable: Sendable, Hashable {
    /// The schema or database, where one is named, and the table.
    package let path: [String]
    package let column: String

    /// - Parameters:
    ///   - table: `orders` or `shop.orders`.
    ///   - longest: the bytes that a name may have.
    /// - Throws: ``LockError/Code/invalidArgument`` for anything but letters, digits, `_` and `$`.
    package init(_ table: String, column: String, longest: Int) throws(LockError) {
        path = table.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
        self.column = column
        guard 1...2 ~= path.count, (path + [column]).allSatisfy({ Self.isName($0, longest) }) else {
            throw LockError(
                .invalidArgument,
                "a table is name or schema.name, a column is name: letters, digits, _ and $, at most \(longest) bytes; "
                    + "not \(table.debugDescription) and \(column.debugDescription)")
        }
    }

    /// - Parameter mark: what stands around each name.
    package func quoted(_ mark: Character) -> (table: String, column: String) {
        (path.map { "\(mark)\($0)\(mark)" }.joined(separator: "."), "\(mark)\(column)\(mark)")
    }

    private static func isName(_ text: String, _ longest: Int) -> Bool {
        let isPlain = text.utf8.allSatisfy { byte in
            switch byte {
            case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x5F, 0x24: true
            default: false
            }
        }
        return isPlain && 1...longest ~= text.utf8.count
    }
}
