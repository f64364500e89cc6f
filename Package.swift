// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
]

/// A product that only the named trait needs.
func when(_ trait: String) -> TargetDependencyCondition? { .when(traits: [trait]) }

let package = Package(
    name: "holdfast",
    products: [
        .library(name: "Holdfast", targets: ["Holdfast"]),
        .library(name: "HoldfastSQLite", targets: ["HoldfastSQLite"]),
        .library(name: "HoldfastRedis", targets: ["HoldfastRedis"]),
        .library(name: "HoldfastEtcd", targets: ["HoldfastEtcd"]),
        .library(name: "HoldfastZooKeeper", targets: ["HoldfastZooKeeper"]),
        .library(name: "HoldfastPostgres", targets: ["HoldfastPostgres"]),
        .library(name: "HoldfastMySQL", targets: ["HoldfastMySQL"]),
        .library(name: "HoldfastStores", targets: ["HoldfastStores"]),
        .library(name: "HoldfastHTTP", targets: ["HoldfastHTTP"]),
        .library(name: "HoldfastHummingbird", targets: ["HoldfastHummingbird"]),
        .library(name: "HoldfastTesting", targets: ["HoldfastTesting"]),
        .executable(name: "holdfast", targets: ["HoldfastCLI"]),
    ],
    traits: [
        .trait(name: "SQLite", description: "The embedded store, sqlite:///path. Needs libsqlite3-dev."),
        .trait(name: "Redis", description: "Redis, Valkey and their clones, redis://host."),
        .trait(name: "Etcd", description: "etcd, etcd://host."),
        .trait(name: "ZooKeeper", description: "ZooKeeper, zookeeper://host1,host2/chroot."),
        .trait(name: "Postgres", description: "PostgreSQL, postgres://host. Needs libpq-dev."),
        .trait(name: "MySQL", description: "MySQL and MariaDB, mysql://host. Needs libmariadb-dev."),
        .trait(name: "HTTP", description: "The fencing token as a header field, for clients and servers of HTTP."),
        .trait(
            name: "Hummingbird",
            description: "A middleware that refuses stale holders. Brings Hummingbird; off by default.",
            enabledTraits: ["HTTP"]),
        // Not the last two: what only they need is not even fetched.
        .default(enabledTraits: ["SQLite", "Redis", "Etcd", "ZooKeeper", "Postgres", "MySQL"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
        // Without its JSON reader, which would bring all of Foundation into the command's start-up.
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: []),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.0.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/apple/swift-nio-http2", from: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.0"),
        // Without its streams, which would bring all of Foundation.
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.30.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0", traits: []),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
    ],
    targets: [
        // The library: claims, client, lease. No network, no C.
        .target(
            name: "Holdfast",
            dependencies: [
                .product(name: "DequeModule", package: "swift-collections"),
                .product(name: "HeapModule", package: "swift-collections"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),

        // Backends.
        .target(
            name: "HoldfastSQL", dependencies: ["Holdfast", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        .systemLibrary(name: "CSQLite", pkgConfig: "sqlite3", providers: [.apt(["libsqlite3-dev"])]),
        .target(
            name: "HoldfastSQLite",
            dependencies: [
                "Holdfast", "HoldfastSQL",
                .target(name: "CSQLite", condition: when("SQLite")),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "HoldfastRedis",
            dependencies: [
                "Holdfast",
                .product(name: "NIOCore", package: "swift-nio", condition: when("Redis")),
                .product(name: "NIOPosix", package: "swift-nio", condition: when("Redis")),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: when("Redis")),
                .product(name: "Logging", package: "swift-log"),
            ],
            // In the code, so that a program needs no files beside it.
            resources: [.embedInCode("Scripts")],
            swiftSettings: strict),
        .systemLibrary(name: "CPQ", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        .target(
            name: "HoldfastPostgres",
            dependencies: [
                "Holdfast", "HoldfastSQL",
                .target(name: "CPQ", condition: when("Postgres")),
                .product(name: "Crypto", package: "swift-crypto", condition: when("Postgres")),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .systemLibrary(name: "CMariaDB", pkgConfig: "libmariadb", providers: [.apt(["libmariadb-dev"])]),
        .target(
            name: "HoldfastMySQL",
            dependencies: [
                "Holdfast", "HoldfastSQL",
                .target(name: "CMariaDB", condition: when("MySQL")),
                .product(name: "Crypto", package: "swift-crypto", condition: when("MySQL")),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "HoldfastEtcd",
            dependencies: [
                "Holdfast",
                .product(name: "NIOCore", package: "swift-nio", condition: when("Etcd")),
                .product(name: "NIOPosix", package: "swift-nio", condition: when("Etcd")),
                .product(name: "NIOHPACK", package: "swift-nio-http2", condition: when("Etcd")),
                .product(name: "NIOHTTP2", package: "swift-nio-http2", condition: when("Etcd")),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: when("Etcd")),
                .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: when("Etcd")),
                .product(name: "Logging", package: "swift-log"),
            ],
            // What scripts/protos reads.
            exclude: ["Protos"],
            swiftSettings: strict),
        .target(
            name: "HoldfastZooKeeper",
            dependencies: [
                "Holdfast",
                .product(name: "NIOCore", package: "swift-nio", condition: when("ZooKeeper")),
                .product(name: "NIOPosix", package: "swift-nio", condition: when("ZooKeeper")),
                .product(name: "NIOSSL", package: "swift-nio-ssl", condition: when("ZooKeeper")),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),
        .target(
            name: "HoldfastStores",
            dependencies: [
                "Holdfast", .target(name: "HoldfastSQLite", condition: when("SQLite")),
                .target(name: "HoldfastRedis", condition: when("Redis")),
                .target(name: "HoldfastEtcd", condition: when("Etcd")),
                .target(name: "HoldfastZooKeeper", condition: when("ZooKeeper")),
                .target(name: "HoldfastPostgres", condition: when("Postgres")),
                .target(name: "HoldfastMySQL", condition: when("MySQL")),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // Fences of HTTP. Their tests are the example's, the one package here that has Hummingbird.
        .target(
            name: "HoldfastHTTP",
            dependencies: [
                "Holdfast", .product(name: "HTTPTypes", package: "swift-http-types", condition: when("HTTP")),
            ],
            swiftSettings: strict),
        .target(
            name: "HoldfastHummingbird",
            dependencies: [
                "Holdfast", .target(name: "HoldfastHTTP", condition: when("Hummingbird")),
                .product(name: "HTTPTypes", package: "swift-http-types", condition: when("Hummingbird")),
                .product(name: "Hummingbird", package: "hummingbird", condition: when("Hummingbird")),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        // The test kit: clock, faults, conformance, checkers, simulation.
        .target(name: "HoldfastTesting", dependencies: ["Holdfast"], swiftSettings: strict),

        // The command.
        .target(name: "CHoldfastProcess"),
        .executableTarget(
            name: "HoldfastCLI",
            dependencies: [
                "Holdfast", "HoldfastStores", "CHoldfastProcess",
                .target(name: "HoldfastSQLite", condition: when("SQLite")),
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict),

        .testTarget(
            name: "HoldfastTests",
            dependencies: [
                "Holdfast", "HoldfastTesting",
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Metrics", package: "swift-metrics"),
                .product(name: "MetricsTestKit", package: "swift-metrics"),
                .product(name: "InMemoryTracing", package: "swift-distributed-tracing"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "ServiceLifecycleTestKit", package: "swift-service-lifecycle"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HoldfastTestingTests", dependencies: ["Holdfast", "HoldfastTesting"], swiftSettings: strict),
        // What the tests of stores share: real servers' processes, and what goes wrong between them and us.
        .target(
            name: "ServerKit",
            dependencies: [
                "Holdfast", "HoldfastTesting",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
            ], path: "Tests/ServerKit", swiftSettings: strict),
        // A process to contend with, and to kill.
        .executableTarget(
            name: "StoreProbe",
            dependencies: [
                "Holdfast", "HoldfastStores", .target(name: "CSQLite", condition: when("SQLite")),
                .target(name: "CPQ", condition: when("Postgres")), .target(name: "CMariaDB", condition: when("MySQL")),
                .target(name: "HoldfastPostgres", condition: when("Postgres")),
            ],
            path: "Tests/StoreProbe", swiftSettings: strict),
        .testTarget(
            name: "HoldfastSQLiteTests",
            dependencies: [
                "Holdfast", "HoldfastTesting", "HoldfastSQL", "HoldfastSQLite", "HoldfastStores", "ServerKit",
                "StoreProbe", .target(name: "CSQLite", condition: when("SQLite")),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "HoldfastSQLTests", dependencies: ["Holdfast", "HoldfastSQL", "ServerKit"], swiftSettings: strict),
        .testTarget(
            name: "HoldfastPostgresTests",
            dependencies: [
                "Holdfast", "HoldfastTesting", "HoldfastSQL", "HoldfastStores", "ServerKit", "StoreProbe",
                .target(name: "HoldfastPostgres", condition: when("Postgres")),
            ], swiftSettings: strict),
        .testTarget(
            name: "HoldfastMySQLTests",
            dependencies: [
                "Holdfast", "HoldfastTesting", "HoldfastSQL", "HoldfastStores", "ServerKit", "StoreProbe",
                .target(name: "HoldfastMySQL", condition: when("MySQL")),
            ], swiftSettings: strict),
        .testTarget(
            name: "HoldfastRedisTests",
            dependencies: [
                "Holdfast", "HoldfastTesting", "HoldfastStores", "ServerKit", "StoreProbe",
                .target(name: "HoldfastRedis", condition: when("Redis")),
                .product(name: "NIOCore", package: "swift-nio", condition: when("Redis")),
                .product(name: "NIOPosix", package: "swift-nio", condition: when("Redis")),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "HoldfastEtcdTests",
            dependencies: [
                "Holdfast", "HoldfastTesting", "HoldfastStores", "ServerKit", "StoreProbe",
                .target(name: "HoldfastEtcd", condition: when("Etcd")),
                .product(name: "NIOCore", package: "swift-nio", condition: when("Etcd")),
                .product(name: "NIOPosix", package: "swift-nio", condition: when("Etcd")),
                .product(name: "NIOHPACK", package: "swift-nio-http2", condition: when("Etcd")),
                .product(name: "NIOHTTP2", package: "swift-nio-http2", condition: when("Etcd")),
                .product(name: "SwiftProtobuf", package: "swift-protobuf", condition: when("Etcd")),
                .product(name: "Logging", package: "swift-log"),
            ], swiftSettings: strict),
        .testTarget(
            name: "HoldfastZooKeeperTests",
            dependencies: [
                "Holdfast", "HoldfastTesting", "HoldfastStores", "ServerKit", "StoreProbe",
                .target(name: "HoldfastZooKeeper", condition: when("ZooKeeper")),
                .product(name: "NIOCore", package: "swift-nio", condition: when("ZooKeeper")),
                .product(name: "NIOPosix", package: "swift-nio", condition: when("ZooKeeper")),
                .product(name: "Logging", package: "swift-log"),
            ],
            // What the tests run: programs of other languages.
            exclude: ["Support/Peers"], swiftSettings: strict),
        .testTarget(
            name: "HoldfastCLITests",
            dependencies: ["Holdfast", "HoldfastCLI", "HoldfastStores", "ServerKit"], swiftSettings: strict),
        .testTarget(name: "TidyTests", swiftSettings: strict),
    ]
)
