import ArgumentParser
import Custody
import Foundation

/// Where a file goes that a command writes.
struct TargetOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp("Write to a file instead of standard output.", valueName: "PATH"),
    completion: .file())
  var to: String?

  @Flag(help: "Replace the file if it is there.")
  var force = false

  var isFile: Bool { to != nil && to != "-" }

  /// Whether the file may be written: asked before work whose result would be lost.
  func check() throws {
    guard let to, to != "-" else { return }
    try OutputFile.check(to, replacing: force)
  }

  /// Whether it may be written beside a store, whose keys it must not replace.
  func check(_ store: Store) throws {
    guard let to, to != "-" else { return }
    try store.checkTarget(file: to)
  }

  /// Writes `bytes` to the file, whole or not at all, or to standard output.
  func write(_ bytes: [UInt8], _ store: Store) throws {
    guard let to, to != "-" else { return Terminal.write(bytes) }
    try check(store)
    try OutputFile.write(bytes, to: to, replacing: force)
  }

  /// Writes what is too much for memory: bytes as they come.
  ///
  /// - Parameter body: hands over bytes to the function that it is given.
  func write<R>(_ store: Store, _ body: (([UInt8]) throws -> Void) throws -> R) throws -> R {
    guard let to, to != "-" else { return try body { Terminal.write($0) } }
    try check(store)
    return try OutputFile.write(to: to, replacing: force, body)
  }
}
