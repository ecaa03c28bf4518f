import ArgumentParser
import Custody

struct HoldListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list",
    abstract: "List the matters that hold data.",
    discussion: """
      A matter whose review is overdue holds on. Erasures that wait are carried out when the last \
      matter that holds them up is released.

      Example:
        $ custody hold list --all
      """)

  @Flag(help: "Also those that are released.")
  var all = false

  @OptionGroup var at: AtOptions
  @OptionGroup var output: FormatOptions
  @OptionGroup var store: StoreOptions

  func run() async throws {
    let store = try store.open(for: .contents)
    let matters = try store.holds.matters(at: try at.moment(in: store))
    var writer = RecordWriter(
      output.format,
      [
        .init("matter", long: true), .init("state"), .init("reason"), .init("scope", long: true),
        .init("review"), .init("approver"), .init("waiting", "erasures waiting", right: true),
        .init("id", detail: true),
        .init("placedAt", detail: true), .init("releasedAt", detail: true),
      ])
    let waiting = try store.erasures.waiting()
    for matter in matters where all || matter.release == nil {
      writer.write([
        .text(matter.name), .text(MatterPrinter.state(of: matter, in: store)),
        .text(matter.placements.last!.reason),
        .text(matter.placements.map { MatterPrinter.text($0.scope) }.joined(separator: "; ")),
        .time(matter.review), .text(matter.placements.last!.approver),
        .number(
          matter.release == nil ? waiting.count { $0.matters.contains(matter.id) } : 0),
        .text("\(matter.id)"),
        .time(matter.placements[0].recordedAt),
        matter.release.map { .time($0.recordedAt) } ?? .absent,
      ])
    }
    writer.finish(none: "no matter holds anything")
  }
}
