// swift-tools-version: 6.2
import PackageDescription

let package = Package(
    name: "HummingbirdService",
    dependencies: [
        // In your own package: .package(url: "…/holdfast", from: "0.1.0", traits: ["SQLite"]).
        .package(name: "holdfast", path: "../..", traits: ["SQLite"]),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.0"),
    ],
    targets: [
        .executableTarget(
            name: "HummingbirdService",
            dependencies: [
                .product(name: "Holdfast", package: "holdfast"),
                .product(name: "HoldfastStores", package: "holdfast"),
                .product(name: "Hummingbird", package: "hummingbird"),
            ],
            swiftSettings: [.treatAllWarnings(as: .error)])
    ]
)
