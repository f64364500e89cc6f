import Foundation
import ServerKit
import Testing

/// The man page and the help texts say what the command can do.
@Suite(.timeLimit(.minutes(2))) struct ManPageTests {
    private static let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("docs/man/holdfast.1").path

    /// The source, with the fonts and the hyphens' escapes taken away.
    private func page() throws -> String {
        var text = try String(contentsOfFile: Self.path, encoding: .utf8)
        for (escape, plain) in [("\\fB", ""), ("\\fI", ""), ("\\fR", ""), ("\\-", "-"), ("\\(aq", "'")] {
            text = text.replacingOccurrences(of: escape, with: plain)
        }
        return text
    }

    /// The subsection of each command.
    private func sections() throws -> [String: String] {
        var sections: [String: String] = [:]
        for part in try page().components(separatedBy: "\n.SS ").dropFirst() {
            let name = part.prefix { $0 != "\n" && $0 != " " }
            sections[name.trimmingCharacters(in: ["\""])] = part.components(separatedBy: "\n.SH ")[0]
        }
        return sections
    }

    @Test func `every command has a section with each of its options`() async throws {
        let scratch = try Scratch()
        let sections = try sections()
        let shared = try #require(sections["Options"])
        for command in try await scratch.commands() {
            let section = try #require(sections[command.name], "no section of \(command.name)")
            for name in command.options.filter({ $0.isShown }).flatMap(\.names) {
                let isThere = mentions(section, name) || mentions(shared, name)
                #expect(isThere, "\(command.name) has \(name)")
            }
        }
    }

    /// Not as the beginning of a longer one.
    private func mentions(_ text: String, _ option: String) -> Bool {
        text.range(
            of: "(?<![-A-Za-z0-9])\(NSRegularExpression.escapedPattern(for: option))(?![-A-Za-z0-9])",
            options: .regularExpression) != nil
    }

    @Test func `the page has the sections of a man page, the version, and every status and variable`() async throws {
        let scratch = try Scratch()
        let page = try page()
        for section in [
            "NAME", "SYNOPSIS", "DESCRIPTION", "COMMANDS", "EXIT STATUS", "ENVIRONMENT", "FILES", "EXAMPLES",
            "SEE ALSO",
        ] {
            #expect(page.contains("\n.SH \(section)\n") || page.contains("\n.SH \"\(section)\"\n"), "\(section)")
        }
        let version = try await scratch.run("--version").output.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(page.contains("\"Holdfast \(version)\""))
        for status in [0, 1, 64, 69, 70, 75, 79, 126, 127] { #expect(page.contains("\n.B \(status)\n"), "\(status)") }
        for variable in [
            "HOLDFAST_STORE", "HOLDFAST_CONFIG", "HOLDFAST_TTL", "HOLDFAST_NAME", "HOLDFAST_TOKEN", "HOLDFAST_MODE",
            "HOLDFAST_EXPIRES_AT", "HOLDFAST_STORE_KIND", "HOLDFAST_PID",
        ] {
            #expect(mentions(page, variable), "\(variable)")
        }
    }

    @Test func `the formatter has no complaint`() async throws {
        let scratch = try Scratch()
        // Where neither formatter is there, the structure above is all that is checked.
        let check = try scratch.shell(
            """
            if command -v groff >/dev/null; then groff -man -Tutf8 -ww -z '\(Self.path)'
            elif command -v man >/dev/null; then man --warnings -l '\(Self.path)' >/dev/null; fi
            """)
        #expect(try await check.end() == 0)
        #expect(check.errors == "" && check.output == "")
    }

    @Test func `every help text has examples, and fits a terminal`() async throws {
        let scratch = try Scratch()
        for command in try await scratch.commands() {
            let help = try await scratch.run(command.name, "--help")
            #expect(help.status == 0 && help.errors == "")
            for line in help.output.split(separator: "\n") where !line.hasPrefix("USAGE") {
                #expect(line.count <= 80, "\(command.name): \(line)")
            }
            // Wrapped, an example could not be copied.
            let examples = help.output.components(separatedBy: "\nEXAMPLES\n").last ?? ""
            #expect(examples.contains("holdfast \(command.name)"), "\(command.name)")
            for line in examples.prefix(upTo: examples.range(of: "\n\n")?.lowerBound ?? examples.endIndex)
                .split(separator: "\n")
            {
                #expect(line.hasPrefix("  "), "\(command.name): \(line)")
            }
        }
    }
}

// MARK: - The command's own account

extension Scratch {
    struct Command {
        struct Option {
            let names: [String]
            let takesValue: Bool
            let isShown: Bool
        }
        let name: String
        let options: [Option]
    }

    /// The commands and their options, from the parser, but for `help`.
    func commands() async throws -> [Command] {
        struct Dump: Decodable {
            struct Command: Decodable {
                let commandName: String
                let shouldDisplay: Bool
                let subcommands: [Command]?
                let arguments: [Argument]?
            }
            struct Argument: Decodable {
                let kind: String
                let shouldDisplay: Bool
                let names: [Name]?
            }
            struct Name: Decodable {
                let kind: String
                let name: String
            }
            let command: Command
        }
        let dump = try await run("--experimental-dump-help")
        let root = try JSONDecoder().decode(Dump.self, from: Data(dump.output.utf8)).command
        return (root.subcommands ?? []).filter { $0.commandName != "help" }.map { command in
            Command(
                name: command.commandName,
                options: (command.arguments ?? []).filter { $0.kind != "positional" }.map { argument in
                    Command.Option(
                        names: (argument.names ?? []).map { ($0.kind == "long" ? "--" : "-") + $0.name },
                        takesValue: argument.kind == "option", isShown: argument.shouldDisplay)
                })
        }
    }
}
