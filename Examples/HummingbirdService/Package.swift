// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

let package = Package(
    name: "HummingbirdService",
    dependencies: [
        // In your own package: .package(url: "…/holdfast", from: "0.1.0", traits: ["SQLite"]).
        .package(name: "holdfast", path: "../..", traits: ["SQLite", "Hummingbird"]),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    ],
    targets: [
        .executableTarget(
            name: "HummingbirdService",
            dependencies: [
                .product(name: "Holdfast", package: "holdfast"),
                .product(name: "HoldfastStores", package: "holdfast"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: strict),
        // A process that locks, writes over HTTP, and can be stopped in between.
        .executableTarget(
            name: "FenceProbe",
            dependencies: [
                .product(name: "Holdfast", package: "holdfast"),
                .product(name: "HoldfastHTTP", package: "holdfast"),
                .product(name: "HoldfastStores", package: "holdfast"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
                .product(name: "HTTPTypesFoundation", package: "swift-http-types"),
            ],
            path: "Tests/FenceProbe", swiftSettings: strict),
        // What needs Hummingbird to be tested is tested here.
        .testTarget(
            name: "HoldfastHummingbirdTests",
            dependencies: [
                "FenceProbe",
                .product(name: "Holdfast", package: "holdfast"),
                .product(name: "HoldfastHTTP", package: "holdfast"),
                .product(name: "HoldfastHummingbird", package: "holdfast"),
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            swiftSettings: strict),
    ]
)
