import ArgumentParser

@main
enum Main {
    /// Synchronous, since `run` forks, and a fork must come before the first thread.
    static func main() {
        StandardStreams.occupy()
        do {
            if var run = Self.quickRun { try run.run() }
            var command = try HoldfastCommand.parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            failure.exit()
        } catch {
            leave(error)
        }
    }

    /// To build the whole tree of commands costs a millisecond of each start: `run` is parsed without it. What that
    /// does not understand, the whole parser tells of.
    private static var quickRun: RunCommand? {
        let words = CommandLine.arguments
        guard words.count > 1, words[1] == RunCommand.configuration.commandName else { return nil }
        return try? RunCommand.parse(Array(words.dropFirst(2)))
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
