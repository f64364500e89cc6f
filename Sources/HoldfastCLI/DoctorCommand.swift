import ArgumentParser
import Glibc
import Holdfast

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine the store: whether it answers, how fast, and what there endangers locks.",
        discussion: """
            Places and removes a few claims on a key of its own, under a random name that begins with \
            holdfast/doctor/, and changes nothing else. Each finding that is not ok says what to do about it. Exit \
            status: 0 where nothing endangers locks, 1 where something does, 69 where the store does not answer or \
            cannot be used.

            --script ROLE examines nothing: it prints the SQL that an administrator of PostgreSQL, MySQL or MariaDB \
            runs where the role that takes locks may not make tables.

            EXAMPLES
              holdfast doctor
              holdfast doctor --store sqlite:///var/lib/app/locks.db
              holdfast doctor --script app --store postgres://db/app | psql "$ADMIN_URL"
              holdfast doctor -o json | jq '.findings[] | select(.weight == "danger")'
            """)

    /// A store that takes longer is no store to rely on.
    private static let limitSeconds: UInt32 = 30

    @Option(
        help: ArgumentHelp("Print the SQL that makes what ROLE needs to take locks.", valueName: "ROLE"))
    var script: String?

    @OptionGroup var output: OutputOption

    @OptionGroup var store: StoreOption

    mutating func run() throws {
        try Arguments.checkUTF8()
        let format = try output.format() ?? .table
        let store = try store.resolve()
        if let script {
            guard output.output == nil else { throw Failure(.usage, "--script prints SQL: leave -o out") }
            return Terminal.print(try store.script(for: script))
        }
        Concurrency.run(
            beside: {
                sleep(Self.limitSeconds)
                let failure = Failure(.storeUnusable, "the store has not answered for \(Self.limitSeconds)s")
                Self.report(failure, store, format).exit()
            },
            {
                do {
                    let backend = try store.open()
                    let diagnosis = try await LockClient.withClient(backend: backend) { client in
                        try await Diagnosis.of(store.name, backend, client)
                    }
                    Terminal.print(format == .json ? diagnosis.json.text + "\n" : diagnosis.text)
                    return diagnosis.dangers == 0 ? .success : .notHad
                } catch {
                    return Self.report(Failure(error), store, format)
                }
            })
    }

    private static func report(_ failure: Failure, _ store: Store, _ format: OutputOption.Format) -> ExitStatus {
        if format == .json { Terminal.print(Diagnosis.unreachable(store.name, failure).text + "\n") }
        return failure.report()
    }
}
