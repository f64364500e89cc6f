import Holdfast

/// The resource that the lock protects. It checks the token itself: no lock can do that for it.
///
/// This one lives in memory. In a database the same check stands in the statement:
/// `UPDATE account SET balance = …, fence = :token WHERE id = :id AND fence <= :token`.
actor Accounts {
    struct StaleToken: Error {
        let given: FencingToken
        let seen: FencingToken
    }

    private struct Account {
        var balance = 0
        var fence: FencingToken?
    }
    private var accounts: [String: Account] = [:]

    func balance(of user: String) -> Int { accounts[user]?.balance ?? 0 }

    /// - Throws: ``StaleToken`` where a later holder has written already.
    func setBalance(_ balance: Int, of user: String, fencing token: FencingToken) throws {
        var account = accounts[user] ?? Account()
        if let seen = account.fence, token < seen { throw StaleToken(given: token, seen: seen) }
        account.balance = balance
        account.fence = token
        accounts[user] = account
    }
}
