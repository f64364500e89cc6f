import ArgumentParser

@main
enum Main {
    /// Synchronous, since `run` forks, and a fork must come before the first thread.
    static func main() {
        do {
            var command = try HoldfastCommand.parseAsRoot()
            try command.run()
        } catch let failure as Failure {
            failure.exit()
        } catch {
            leave(error)
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
