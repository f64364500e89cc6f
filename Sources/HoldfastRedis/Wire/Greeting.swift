#if Redis
import Holdfast
import NIOCore

/// The first words on a connection: who we are, version 3 of the protocol where the server has it, the database.
struct Greeting {
    let configuration: RedisConfiguration
    var version3 = true

    /// AUTH goes before HELLO, not within it: a server without HELLO repeats the arguments in its error.
    func greet(_ connection: RedisConnection, _ bounds: LinkBounds) async throws(LockError) -> RedisServerIdentity {
        var commands: [RedisCommand] = []
        if let credentials = configuration.credentials {
            commands.append(RedisCommand("AUTH", (credentials.user.map { [$0] } ?? []) + [credentials.password]))
        }
        if version3 { commands.append(RedisCommand("HELLO", "3")) }
        commands.append(RedisCommand("CLIENT", "SETNAME", configuration.clientName))
        if configuration.database != 0 { commands.append(RedisCommand("SELECT", "\(configuration.database)")) }
        let request = Request(commands, deadline: .now() + bounds.connectTimeout)
        var replies: ArraySlice<RESPValue>
        do throws(LockError) {
            replies = try await connection.reply(to: request).values[...]
        } catch {
            if let failure = connection.failure { throw failure }
            guard error.code == .unavailable else { throw error }
            let hint = configuration.tls == nil ? "" : " in TLS: does the server speak TLS on this port?"
            throw LockError(.unavailable, "\(configuration) takes connections and does not answer\(hint)")
        }

        if configuration.credentials != nil { try check(replies.popFirst(), "AUTH") }
        var server = RedisServerIdentity()
        if version3, let hello = replies.popFirst() {
            if case .error(let text) = hello {
                guard Self.knowsNoHello(text) else { throw refusal(text, "HELLO") }
            } else {
                server = identity(hello)
            }
        }
        // A name is for operators; a server that refuses it still serves.
        _ = replies.popFirst()
        if configuration.database != 0 { try check(replies.popFirst(), "SELECT \(configuration.database)") }
        return server
    }

    private func check(_ reply: RESPValue?, _ what: String) throws(LockError) {
        if case .error(let text) = reply { throw refusal(text, what) }
    }

    /// Never with the server's own words about AUTH: they may repeat the password.
    private func refusal(_ text: String, _ what: String) -> LockError {
        if what == "AUTH" {
            let isUnknown = text.hasPrefix("ERR unknown command")
            if text.hasPrefix("WRONGPASS") || text.hasPrefix("ERR invalid password") {
                return LockError(.denied, "\(configuration) knows no such user and password")
            }
            if let fault = ServerFault.error(for: text), !isUnknown, fault.code == .unavailable { return fault }
            return LockError(
                .denied, "\(configuration) refused AUTH: does it want a password, and does it know users (Redis 6)?")
        }
        var fault = ServerFault.anyError(for: text)
        if what.hasPrefix("SELECT"), text.hasPrefix("ERR") { fault.code = .invalidArgument }
        fault.message = "\(configuration) refused \(what): \(fault.message)"
        return fault
    }

    /// Servers before 6, clones, and where HELLO is renamed or not for this user.
    private static func knowsNoHello(_ text: String) -> Bool {
        text.hasPrefix("ERR unknown command") || text.hasPrefix("NOPROTO") || text.hasPrefix("NOPERM")
    }

    private func identity(_ hello: RESPValue) -> RedisServerIdentity {
        var server = RedisServerIdentity()
        server.name = hello["server"]?.text ?? ""
        server.version = hello["version"]?.text ?? ""
        server.mode = hello["mode"]?.text ?? ""
        server.role = hello["role"]?.text ?? ""
        server.version3 = hello["proto"]?.int == 3
        server.clientID = hello["id"]?.int
        return server
    }
}
#endif
