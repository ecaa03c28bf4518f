import ArgumentParser
import Custody

struct KeyDestroyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "destroy",
    abstract: "Destroy a key that makes tokens, so that nobody makes the same ones again.",
    discussion: """
      ID is that of a key of purpose pseudonym, as `custody key list` shows it; --purpose names the \
      key by what its tokens are for. Versions with its tokens stay as they are, and pseudonymized: \
      one way back is gone, and whoever holds the values can still compare. `custody dataset \
      anonymity` can measure or claim more from then on, and names what is left. Keys of people go \
      with `custody subject erase`. Every other key is wrapped anew, and older copies of keys.sqlite \
      are dead. Exits 1 when a piece of the key is left in a file of the store, and says in which.

      Example:
        $ custody key destroy --purpose research --reason request --yes
      """)

  @Argument(help: ArgumentHelp("The key's id.", valueName: "ID"))
  var key: String?

  @Option(help: ArgumentHelp("What its tokens are for.", valueName: "PURPOSE"))
  var purpose: String?

  @Option(help: ArgumentHelp("Why, as a code.", valueName: "CODE"))
  var reason: ErasureReason

  @OptionGroup var confirmation: ConfirmationOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard (key != nil) != (purpose != nil) else {
      throw ValidationError("Give either the key's ID or --purpose PURPOSE.")
    }
  }

  func run() async throws {
    try await store.writing { store in
      let id = try id(in: store)
      try confirmation.ask(
        "This destroys the key \(id) for good: nobody makes the same tokens again.")
      let result = try await store.erasures.destroy(pseudonymKey: id, reason: reason)
      var facts = Facts()
      facts.add("key", "key", id.hex)
      facts.add("request", "request", "\(result.request)")
      facts.add("files", "files searched", result.fileCount)
      facts.add("remnants", "pieces left in", .list(result.remnants.keys.sorted()))
      facts.add("unreadable", "not readable", .list(result.unreadable))
      facts.write(output.format)
      Terminal.noteKeyBackupIsDue()
      if result.completedPosition == nil {
        Terminal.willAnswer(false)
        throw ExitCode(ExitStatus.refused)
      }
    }
  }

  private func id(in store: Store) throws -> KeyID {
    if let key {
      guard let id = KeyID(hex: key) else {
        throw CustodyError(.usage, "\(key) is no key id: 32 hexadecimal digits.")
      }
      return id
    }
    let named = try store.keys.all().first {
      $0.purpose == "pseudonym" && $0.dataClass?.utf8.elementsEqual((purpose ?? "").utf8) == true
    }
    guard let named else {
      throw CustodyError(
        .notFound, "No key makes tokens for \(purpose ?? ""). `custody key list` lists the keys.")
    }
    return named.id
  }
}
