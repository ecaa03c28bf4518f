// swift-tools-version: 6.2
import PackageDescription

// A pipeline as somebody might already have it. It does not know Custody: what it measured goes to
// standard output, into files, and, where CUSTODY_EVENTS names one, into a file of JSON lines.
let package = Package(
  name: "voice",
  products: [.executable(name: "voice", targets: ["VoiceTool"])],
  targets: [
    .systemLibrary(name: "CCrypto", providers: [.apt(["libssl-dev"])]),
    .systemLibrary(
      name: "CPocketSphinx", pkgConfig: "pocketsphinx",
      providers: [.apt(["libpocketsphinx-dev", "pkg-config"])]),
    .target(name: "VoicePipeline", dependencies: ["CCrypto", "CPocketSphinx"]),
    .executableTarget(name: "VoiceTool", dependencies: ["VoicePipeline"]),
    .testTarget(name: "VoicePipelineTests", dependencies: ["VoicePipeline"]),
  ],
  swiftLanguageModes: [.v6]
)
