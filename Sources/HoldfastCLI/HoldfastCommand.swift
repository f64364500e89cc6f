import ArgumentParser

struct HoldfastCommand: ParsableCommand {
    static let version = "0.1.0"

    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract: "Distributed locks for commands.",
        discussion: """
            The store is --store URL, else $HOLDFAST_STORE, else a file of this user's own.
            Exit status: 1 not had in time, 64 bad usage, 69 store unusable, 70 internal error, 75 try again later, \
            79 lock lost and command stopped.

            EXAMPLES
              holdfast run nightly-backup -- ./backup.sh
              holdfast run -n --min-hold 50s report -- ./report.sh
              holdfast ls
              holdfast doctor
            """,
        version: version,
        subcommands: [
            RunCommand.self, OnceCommand.self, ElectCommand.self, LockCommand.self, ListCommand.self, ShowCommand.self,
            WhoCommand.self, WhyCommand.self, WatchCommand.self,
            BreakCommand.self, DoctorCommand.self, BenchCommand.self, CompletionCommand.self,
        ])
}

/// Where the locks are.
struct StoreOption: ParsableArguments {
    @Option(name: .customLong("store"), help: ArgumentHelp("The store that keeps the locks.", valueName: "URL"))
    var url: String?

    /// The command line's, else the environment's, else the configuration file's, else this user's own file.
    func resolve() throws(Failure) -> Store { try resolve(Settings()) }

    func resolve(_ settings: Settings) throws(Failure) -> Store {
        if let url { try Secrets.refuse(inArgument: url) }
        return try Store(url: settings.entry(.store, flag: url)?.text)
    }

    /// For what locks: a store that other processes see, too.
    func resolveShared(_ settings: Settings) throws(Failure) -> Store {
        let store = try resolve(settings)
        guard !store.isInProcess else {
            throw Failure(
                .usage, "memory:// is one process's own, and would exclude nobody: name a store that processes share")
        }
        return store
    }
}
