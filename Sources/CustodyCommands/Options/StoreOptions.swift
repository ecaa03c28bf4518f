import ArgumentParser
import Custody
import Foundation

/// Which store, and who acts.
struct StoreOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "The store; else CUSTODY_STORE, else the nearest .custody upwards.", valueName: "DIR"),
    completion: .directory)
  var store: String?

  @Option(help: ArgumentHelp("Who acts, as the ledger records it.", valueName: "NAME"))
  var actor: String?

  @Option(
    help: ArgumentHelp(
      "How long to wait while another program writes to the store; else as long as it takes.",
      valueName: "SECONDS"))
  var timeout: Double?

  @OptionGroup var passphrase: PassphraseOptions

  /// The store that the environment names.
  static var inEnvironment: String? {
    let store = ProcessInfo.processInfo.environment["CUSTODY_STORE"] ?? ""
    return store.isEmpty ? nil : store
  }

  /// The store's folder.
  func path() throws -> String {
    if let named = store ?? Self.inEnvironment { return named }
    var folder = URL(fileURLWithPath: FileManager.default.currentDirectoryPath)
    while true {
      let candidate = folder.appendingPathComponent(".custody").path
      if FileManager.default.fileExists(atPath: candidate) { return candidate }
      guard folder.path != "/" else { break }
      folder.deleteLastPathComponent()
    }
    throw CustodyError(
      .notAStore,
      "There is no store here. Name one with --store or CUSTODY_STORE, or make one with: "
        + "custody init --organization example.org")
  }

  /// Says how this command waits while another program writes to the store.
  func waitAsTold() {
    let readers = WaitingNotices()
    Store.whileLocked(
      waitingFor: timeout,
      onLongWait: {
        Terminal.note("custody: waiting for another program that writes to the store ...")
      }, onReaders: { readers.add($0) })
  }

  func open(for access: Store.Access) throws -> Store {
    waitAsTold()
    let store = try Store.open(at: try path(), for: access, actor: actor) { try passphrase.read() }
    for erasure in store.finishedErasures {
      Terminal.note("custody: \(ErasurePrinter.text(ofFinished: erasure))")
    }
    // What a killed run left holds what it read.
    store.runs.removeLeftFolders()
    return store
  }

  /// Opens for writing, runs `body`, and closes whatever happens.
  ///
  /// What `body` did is told by `body` itself: closing may fail after it.
  func writing<R>(_ body: (Store) async throws -> R) async throws -> R {
    let store = try open(for: .writing)
    let result: R
    do {
      try await store.runs.removeLeft()
      result = try await body(store)
    } catch {
      // The first error is the one to tell; what is committed stays.
      try? await store.close()
      throw error
    }
    do {
      try await store.close()
    } catch let error as CustodyError where [.diskFull, .io, .permission].contains(error.code) {
      throw CustodyError(
        error.code,
        "What was done is durable, do not repeat it; closing the store failed after it. "
          + "\(error.message) Then run: custody checkpoint", cause: error.cause)
    }
    return result
  }
}

/// Where the passphrase of the secrets comes from; never from an argument.
struct PassphraseOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Read the passphrase from the first line of a file of mode 0600; else "
        + "CUSTODY_PASSPHRASE_FILE, else the terminal asks.",
      valueName: "FILE"),
    completion: .file())
  var passphraseFile: String?

  private var file: String? {
    passphraseFile ?? ProcessInfo.processInfo.environment["CUSTODY_PASSPHRASE_FILE"]
  }

  func read() throws -> Passphrase {
    if let file { return try Passphrase.read(file: file) }
    return try Passphrase.ask("Passphrase: ")
  }

  /// The passphrase for secrets that are made, or nil for none.
  ///
  /// - Parameter asks: whether to ask for one on the terminal, twice, when no file has it.
  func chosen(asks: Bool) throws -> Passphrase? {
    if let file { return try Passphrase.read(file: file) }
    guard asks else { return nil }
    let first = try Passphrase.ask("New passphrase: ")
    guard first.equals(try Passphrase.ask("Once more: ")) else {
      throw CustodyError(.usage, "The two passphrases differ. Nothing was made.")
    }
    return first
  }
}
