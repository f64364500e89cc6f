import Foundation

/// Which module may import which: arrows point down only.
enum ArrowRules {
    /// Our modules, and which of ours each may import. A new module is entered here first.
    static let arrows: [String: Set<String>] = [
        "Holdfast": [],
        "HoldfastSQL": ["Holdfast"],
        "HoldfastSQLite": ["Holdfast", "HoldfastSQL", "CSQLite"],
        "HoldfastRedis": ["Holdfast"],
        "HoldfastPostgres": ["Holdfast", "HoldfastSQL", "CPQ"],
        "HoldfastMySQL": ["Holdfast", "HoldfastSQL", "CMariaDB"],
        "HoldfastEtcd": ["Holdfast"],
        "HoldfastZooKeeper": ["Holdfast"],
        "HoldfastStores": [
            "Holdfast", "HoldfastSQLite", "HoldfastRedis", "HoldfastEtcd", "HoldfastZooKeeper", "HoldfastPostgres",
            "HoldfastMySQL",
        ],
        "HoldfastHTTP": ["Holdfast"],
        "HoldfastHummingbird": ["Holdfast", "HoldfastHTTP"],
        "HoldfastTesting": ["Holdfast"],
        "HoldfastCLI": ["Holdfast", "HoldfastStores", "HoldfastSQLite", "CHoldfastProcess"],
    ]

    /// Modules that exist only where their trait is on.
    static let traits = [
        "HoldfastSQLite": "SQLite", "HoldfastRedis": "Redis", "HoldfastEtcd": "Etcd", "HoldfastZooKeeper": "ZooKeeper",
        "HoldfastPostgres": "Postgres", "HoldfastMySQL": "MySQL",
        "HoldfastHTTP": "HTTP", "HoldfastHummingbird": "Hummingbird",
    ]

    static let all = [imports, wrapped]

    private static let ours = Set(arrows.keys).union(arrows.values.flatMap { $0 })

    static let imports = Rule(name: "arrows between modules point down") { file in
        guard let module = file.module else { return [] }
        guard let allowed = arrows[module] else {
            return [Violation(path: file.path, line: 1, message: "\(module) is not in ArrowRules.arrows")]
        }
        return file.codeLines.enumerated().compactMap { index, line in
            guard let name = imported(by: line), ours.contains(name), !allowed.contains(name) else { return nil }
            return Violation(path: file.path, line: index + 1, message: "\(module) must not import \(name)")
        }
    }

    static let wrapped = Rule(name: "a file of a trait's module is empty where the trait is off") { file in
        guard let module = file.module, let trait = traits[module] else { return [] }
        let code = file.codeLines.map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
        guard code.first == "#if \(trait)", code.last == "#endif" else {
            return [Violation(path: file.path, line: 1, message: "not wrapped in #if \(trait) … #endif")]
        }
        return []
    }

    /// `public import struct Holdfast.Claim` imports `Holdfast`.
    static func imported(by line: String) -> String? {
        let kinds = "struct|class|enum|protocol|func|var|let|typealias"
        let access = "public|package|internal|private|fileprivate"
        let start = #"^\s*((\#(access)|@\w+)\s+)*import\s+((\#(kinds))\s+)?"#
        guard let head = line.range(of: start, options: .regularExpression) else { return nil }
        return String(line[head.upperBound...].prefix { $0.isLetter || $0.isNumber || $0 == "_" })
    }
}
