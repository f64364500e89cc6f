import ArgumentParser

@main
enum Main {
    /// Synchronous, since `run` forks, and a fork must come before the first thread.
    static func main() {
        StandardStreams.occupy()
        do {
            if var command = Self.quickCommand { try command.run() }
            var command = try HoldfastCommand.parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            failure.exit()
        } catch {
            leave(error)
        }
    }

    /// To build the whole tree of commands costs a millisecond of each start: these are parsed without it. What that
    /// does not understand, the whole parser tells of.
    private static var quickCommand: (any ParsableCommand)? {
        let words = CommandLine.arguments
        guard words.count > 1 else { return nil }
        let rest = Array(words.dropFirst(2))
        switch words[1] {
        case "run": return try? RunCommand.parse(rest)
        case "once": return try? OnceCommand.parse(rest)
        default: return nil
        }
    }

    /// Help and version are not errors; everything else that the parser throws is bad usage.
    private static func leave(_ error: any Error) -> Never {
        guard HoldfastCommand.exitCode(for: error).isSuccess else {
            Failure(.usage, HoldfastCommand.message(for: error) + " (holdfast --help says more)").exit()
        }
        Terminal.print(HoldfastCommand.fullMessage(for: error) + "\n")
        ExitStatus.success.exit()
    }
}
