// swift-tools-version: 6.1
import PackageDescription

// A package of its own: what it measures is the library as another program sees it.
let package = Package(
  name: "callers",
  dependencies: [.package(name: "Custody", path: "../..")],
  targets: [
    .executableTarget(
      name: "callers", dependencies: [.product(name: "Custody", package: "Custody")]),
    .executableTarget(
      name: "queries", dependencies: [.product(name: "Custody", package: "Custody")]),
  ],
  swiftLanguageModes: [.v6]
)
