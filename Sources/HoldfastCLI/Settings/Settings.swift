import Configuration
import Glibc

/// What the environment and the configuration file say where the command line is silent, in that order.
struct Settings {
    /// A value, and what to call it in a message.
    struct Entry {
        let text: String
        let origin: String
    }

    private let reader: ConfigReader

    init() throws(Failure) {
        let variable = { (name: String) in getenv(name).map { String(cString: $0) } }
        var environment: [String: String] = [:]
        // An empty variable is none.
        for setting in Setting.allCases {
            if let value = variable(setting.rawValue), !value.isEmpty { environment[setting.rawValue] = value }
        }
        let file = SettingsFile.path(variable: variable)
        try self.init(
            environment: environment,
            file: try file.map { file throws(Failure) in try SettingsFile.read(file.path, mustExist: file.mustExist) }
                ?? [:])
    }

    init(environment: [String: String], file: [String: String]) throws(Failure) {
        reader = ConfigReader(providers: [Self.provider(environment), Self.provider(file)])
    }

    /// - Parameters:
    ///   - flag: what the command line says.
    ///   - name: the flag, for messages.
    func entry(_ setting: Setting, flag: String? = nil, name: String = "") -> Entry? {
        if let flag { return Entry(text: flag, origin: name) }
        let key = ConfigKey(setting.rawValue.lowercased().split(separator: "_").map(String.init))
        return reader.string(forKey: key, isSecret: setting.isSecret)
            .map { Entry(text: $0, origin: setting.rawValue) }
    }

    private static func provider(_ values: [String: String]) -> EnvironmentVariablesProvider {
        EnvironmentVariablesProvider(
            environmentVariables: values,
            secretsSpecifier: .dynamic { name, _ in Setting(rawValue: name)?.isSecret ?? true })
    }
}
