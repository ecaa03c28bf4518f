// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .enableUpcomingFeature("ExistentialAny"),  // SE-0335
  .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
  .enableUpcomingFeature("InferIsolatedConformances"),  // SE-0470
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),  // SE-0461
]

// Targets in the order of the house: each imports only what stands above it.
let package = Package(
  name: "Custody",
  products: [
    .executable(name: "custody", targets: ["CustodyTool"]),
    .library(name: "Custody", targets: ["Custody"]),
    .library(name: "CustodyLedger", targets: ["CustodyLedger"]),
  ],
  dependencies: [
    .package(url: "https://github.com/groue/GRDB.swift", exact: "7.10.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
    .package(url: "https://github.com/jpsim/Yams", exact: "6.2.2"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", exact: "1.5.0"),
  ],
  targets: [
    .systemLibrary(name: "COpenSSL", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(name: "CDeflate", providers: [.apt(["libdeflate-dev"])]),
    .systemLibrary(name: "CSQLiteShim", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CMalloc"),

    .target(
      name: "CustodyLedger",
      dependencies: ["COpenSSL", "CDeflate"],
      swiftSettings: settings),
    .testTarget(
      name: "CustodyLedgerTests",
      dependencies: ["CustodyLedger", "CustodyTesting"],
      exclude: ["Examples"],
      swiftSettings: settings),

    .target(
      name: "CustodyModel",
      dependencies: ["CustodyLedger"],
      exclude: ["OpenLineage/NOTICE.txt", "OpenLineage/LICENSE-APACHE.txt"],
      resources: [.embedInCode("OpenLineage/Schemas")],
      swiftSettings: settings),
    .testTarget(
      name: "CustodyModelTests",
      dependencies: ["CustodyModel", "CustodyTesting"],
      exclude: ["Golden"],
      swiftSettings: settings),

    .target(
      name: "CustodyMigrations",
      path: "migrations",
      resources: [
        .embedInCode("ledger"), .embedInCode("keys"), .embedInCode("objects"),
        .embedInCode("projections"),
      ]),

    .target(
      name: "CustodyStore",
      dependencies: [
        "COpenSSL", "CSQLiteShim", "CustodyLedger", "CustodyMigrations", "CustodyModel",
        .product(name: "GRDB", package: "GRDB.swift"),
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CustodyStoreTests",
      dependencies: [
        "CSQLiteShim", "Custody", "CustodyLedger", "CustodyStore", "CustodyTesting",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: settings),

    .target(
      name: "CustodyProjections",
      dependencies: [
        "CSQLiteShim", "CustodyLedger", "CustodyMigrations", "CustodyModel", "CustodyStore",
        .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: settings),

    .target(
      name: "Custody",
      dependencies: [
        "CustodyProjections", "CustodyStore", "CustodyModel", "CustodyLedger",
        .product(name: "Yams", package: "Yams"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CustodyTests",
      dependencies: [
        "Custody", "CustodyMigrations", "CustodyProjections", "CustodyStore", "CustodyTesting",
      ],
      swiftSettings: settings),

    .target(
      name: "CustodyCommands",
      dependencies: [
        "Custody", "CustodyModel", "CustodyStore",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      swiftSettings: settings),
    .testTarget(
      name: "CustodyCommandsTests",
      dependencies: [
        "Custody", "CustodyCommands", "CustodyTool", "CustodyTesting",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      exclude: ["Snapshots"],
      swiftSettings: settings),

    .executableTarget(
      name: "CustodyTool",
      dependencies: ["CMalloc", "CustodyCommands"],
      swiftSettings: settings),

    // The kit of the other test targets; a test target itself, because a release build fails on a
    // regular target that imports Testing.
    .testTarget(
      name: "CustodyTesting",
      dependencies: ["CSQLiteShim", "Custody", "CustodyStore", "CustodyLedger"],
      swiftSettings: settings),
    .testTarget(
      name: "TidyTests",
      dependencies: ["CustodyLedger", "CustodyMigrations", "CustodyStore"],
      swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
