import Holdfast
import HoldfastStores
import Hummingbird
import Logging

struct Deposit: Decodable {
    var amount: Int
}

struct Balance: ResponseEncodable {
    var balance: Int
    var token: Int64
}

@main
struct Service {
    static func main() async throws {
        let logger = Logger(label: "service")
        // $HOLDFAST_STORE, or else a file of this user's own: all instances on this machine share the locks.
        let store = try StoreURL.preferred()
        let locks = LockClient(backend: try store.open(), logger: logger)

        var app = Application(
            router: router(locks, Accounts()),
            configuration: .init(address: .hostname("127.0.0.1", port: port)), logger: logger)
        // The client runs beside the server: started with it, and shut down with it when its locks are released.
        app.addServices(locks, report(locks, logger))
        try await app.runService()
    }

    /// Every ten seconds by the clock, on one of all instances.
    static func report(_ locks: LockClient, _ logger: Logger) -> ScheduledJob {
        locks.scheduledJob("report", .every(.seconds(10))) { firing in
            logger.info(
                "report", metadata: ["due": "\(firing.due.components.seconds)", "token": "\(firing.lease.token)"])
        }
    }

    /// The first argument: instances on one machine need different ones.
    static var port: Int { CommandLine.arguments.dropFirst().first.flatMap { Int($0) } ?? 8080 }

    static func router(_ locks: LockClient, _ accounts: Accounts) -> Router<BasicRequestContext> {
        let router = Router()
        router.add(middleware: LockErrorMiddleware())
        router.post("users/:id/deposit") { request, context in
            let id = try context.parameters.require("id")
            let deposit = try await request.decode(as: Deposit.self, context: context)
            return try await locks.withLock("users/\(id)/balance", wait: .upTo(.seconds(5))) { lease in
                let balance = await accounts.balance(of: id) + deposit.amount
                try await accounts.setBalance(balance, of: id, fencing: lease.token)
                return Balance(balance: balance, token: lease.token.rawValue)
            }
        }
        return router
    }
}
