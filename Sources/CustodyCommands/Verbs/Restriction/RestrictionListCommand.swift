import ArgumentParser
import Custody

struct RestrictionListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List whose data is restricted, and why.",
    discussion: """
      erasure-waits: it is to be erased, and a matter holds it (custody hold list).

      Example:
        $ custody restriction list
      """)

  @Flag(help: "Also what was lifted.")
  var all = false

  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    var writer = RecordWriter(
      output.format,
      [
        .init("subject"), .init("classes", long: true),
        .init("liftedClasses", detail: true), .init("reason"),
        .init("placedAt", "placed at"), .init("liftedAt", "lifted at", detail: !all),
        .init("position", right: true, detail: true),
      ])
    for restriction in try store.restrictions.list(at: try at.moment(in: store))
    where all || restriction.liftedAt == nil {
      let reason: String
      switch restriction.cause {
      case .placed(let code): reason = code.rawValue
      case .erasureWaits: reason = "erasure-waits"
      }
      writer.write([
        .text(restriction.subject.hex),
        output.format == .table ? .text(Self.classes(restriction)) : .list(restriction.classes),
        .list(restriction.liftedClasses), .text(reason), .time(restriction.placedAt),
        restriction.liftedAt.map { .time($0) } ?? .absent, .number(restriction.position.value),
      ])
    }
    writer.finish(none: "nobody is restricted")
  }

  /// What it lasts for or, of one that is lifted, lasted for at first.
  private static func classes(_ restriction: Restrictions.Restriction) -> String {
    guard restriction.liftedAt == nil else {
      return restriction.classes.isEmpty ? "all" : restriction.classes.joined(separator: " ")
    }
    guard restriction.classes.isEmpty else {
      return restriction.classes.filter(restriction.restricts).joined(separator: " ")
    }
    let lifted = restriction.liftedClasses.joined(separator: ", ")
    return lifted.isEmpty ? "all" : "all but \(lifted)"
  }
}
