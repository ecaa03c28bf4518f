import ArgumentParser
import Custody

struct DatasetAnonymityCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "anonymity",
    abstract: "Measure how many people share what a version says of them, or record a claim.",
    discussion: """
      Each combination of values of the columns named with --column is to be shared by --at-least so \
      many people; several records of one person count once. --sensitive names columns by which \
      nobody is found. When every other column has tokens, and no key or table leads back from one, \
      the version's state is anonymized as measured. Exits 1 when fewer share a combination, or a \
      column was not looked at.

      --claim records that somebody says so, and by which method. A claim is refused, and a \
      measurement does not count, while something contradicts it: a key or a table leads back from \
      tokens, a column without tokens says whom records are about, or records are sealed under keys \
      of people and nothing in them has tokens.

      The state is that of the version as it leaves the store. What this store can still put beside \
      it is named, and so is what runs made it of: a version that a run wrote is raw, whatever the \
      run read, until somebody says more.

      Examples:
        $ custody dataset anonymity released --column city --at-least 2
        $ custody dataset anonymity released --claim expert-determination
      """)

  @Argument(help: ArgumentHelp("The dataset.", valueName: "NAME[@REF]"))
  var dataset: DatasetReference

  @Option(
    help: ArgumentHelp(
      "A column, #N or member by which somebody might be found; may be repeated.",
      valueName: "COLUMN"))
  var column: [String] = []

  @Option(
    help: ArgumentHelp(
      "One by which nobody is found; may be repeated.", valueName: "COLUMN"))
  var sensitive: [String] = []

  @Option(help: ArgumentHelp("How many people are to share each combination.", valueName: "K"))
  var atLeast = 5

  @Option(help: ArgumentHelp("Record that it is anonymous by this method.", valueName: "METHOD"))
  var claim: String?

  @Flag(help: "Measure, and record nothing.")
  var dryRun = false

  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func validate() throws {
    guard column.isEmpty != (claim == nil) else {
      throw ValidationError("Give either --column, to measure, or --claim METHOD.")
    }
    if claim != nil, dryRun || !sensitive.isEmpty {
      throw ValidationError("--dry-run and --sensitive are for measuring.")
    }
  }

  func run() async throws {
    if let claim {
      return try await store.writing { store in
        let state = try await store.datasets.claimAnonymity(
          of: dataset.name, dataset.reference, method: claim)
        var facts = Facts()
        StatePrinter.add(state, try ancestors(in: store), to: &facts, output.format)
        facts.write(output.format)
      }
    }
    if dryRun { return try await measure(try store.open(for: .contents)) }
    try await store.writing { try await measure($0) }
  }

  private func measure(_ store: Store) async throws {
    let measured = try await store.datasets.measureAnonymity(
      of: dataset.name, dataset.reference, columns: column, sensitive: sensitive,
      required: atLeast, isTrial: dryRun)
    var facts = Facts()
    if output.format == .table {
      print(measured)
    } else {
      facts.add("measured", "measured", .json(StatePrinter.json(measured)))
    }
    let state = try store.datasets.state(of: dataset.name, dataset.reference)
    facts.add("state", "state", state.kind.rawValue)
    StatePrinter.addReasons(state, try ancestors(in: store), to: &facts, output.format)
    facts.write(output.format)
    guard measured.isReached else {
      Terminal.willAnswer(false)
      throw ExitCode(ExitStatus.refused)
    }
  }

  private func print(_ measured: Datasets.Measurement) {
    var lines = [
      "\(measured.groups.counted("combination")) of \(measured.columns.joined(separator: ", ")) in "
        + "\(measured.records.counted("record"))",
      "\(measured.smallest) at least share one; \(measured.required) asked for",
      "\(measured.unique.counted("record")) of somebody who shares hers with nobody",
    ]
    if !measured.others.isEmpty {
      lines.append("not looked at: \(measured.others.joined(separator: ", "))")
    }
    if measured.missing > 0 {
      lines.append("\(measured.missing.counted("record")) missing because of erasure")
    }
    for line in lines { Terminal.print(Terminal.visible(line)) }
  }

  private func ancestors(in store: Store) throws -> [Datasets.Ancestor] {
    try store.datasets.ancestors(of: dataset.name, dataset.reference)
  }
}
