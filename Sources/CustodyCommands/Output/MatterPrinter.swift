import Custody
import CustodyModel

/// What a matter holds, who said so, and what waits for it.
struct MatterPrinter {
  private let store: Store

  init(_ store: Store) { self.store = store }

  /// - Parameter erased: what was erased when it was released just now.
  func print(_ matter: Matter, _ format: OutputFormat, erased: [ErasureResult] = []) throws {
    let waiting = try waiting(for: matter)
    var facts = Facts()
    facts.add("matter", "matter", matter.name)
    facts.add("state", "state", Self.state(of: matter, in: store))
    facts.add("review", "review", .time(matter.review))
    facts.add("keys", "keys held now", try store.holds.keyCount(of: matter))
    facts.add("id", "id", "\(matter.id)")
    let isWidened = try store.holds.isWidened(matter)
    guard format == .table else {
      facts.add("widened", "widened", .json("\(isWidened)"))
      facts.add(
        "placements", "placements", .json(Self.json(matter.placements.map(Self.json))))
      facts.add("release", "release", matter.release.map { .json(Self.json($0)) } ?? .absent)
      facts.add("waiting", "waiting", .json(Self.json(waiting.map(Self.json))))
      facts.add(
        "erased", "erased",
        .json("[\(erased.map { JSONWriter.quoted("\($0.request)") }.joined(separator: ","))]"))
      return facts.write(format)
    }
    facts.write(.table)
    Terminal.printSection("holds", matter.placements.map(Self.line))
    if isWidened {
      Terminal.print(
        "  and everybody else, since a recovery lost versions of these datasets: place it again to say who"
      )
    }
    Terminal.printSection(
      "too late",
      matter.placements.flatMap { placement in
        placement.tooLate.map {
          "\($0.subject), erased under request \($0.request) before \(placement.recordedAt)"
        }
      })
    Terminal.printSection(
      "released",
      matter.release.map {
        ["\($0.reason), approved by \($0.approver), recorded at \($0.recordedAt) by \($0.actor)"]
      } ?? [])
    Terminal.printSection("erasures that wait", waiting.map(Self.line))
    Terminal.printSection("erased", erased.flatMap { ErasurePrinter.lines(ofReleased: $0) })
  }

  /// The erasures that wait for a matter that is in force.
  func waiting(for matter: Matter) throws -> [Erasures.Waiting] {
    guard matter.release == nil else { return [] }
    return try store.erasures.waiting().filter { $0.matters.contains(matter.id) }
  }

  static func state(of matter: Matter, in store: Store) -> String {
    if matter.release != nil { return "released" }
    return matter.review < store.now ? "in force, review overdue" : "in force"
  }

  /// `2 people in calls, class voiceprint`.
  static func text(_ scope: Matter.Scope) -> String {
    var text: String
    switch scope.subjects.count {
    case 0: text = "everyone"
    case 1: text = "\(scope.subjects[0])"
    default: text = "\(scope.subjects.count) people"
    }
    if !scope.datasets.isEmpty { text += " in \(scope.datasets.joined(separator: ", "))" }
    if !scope.classes.isEmpty { text += ", class \(scope.classes.joined(separator: ", "))" }
    return text
  }

  private static func line(_ placement: Matter.Placement) -> String {
    "\(text(placement.scope)): \(placement.reason), approved by \(placement.approver), recorded at "
      + "\(placement.recordedAt) by \(placement.actor)"
  }

  private static func line(_ waiting: Erasures.Waiting) -> String {
    let people =
      waiting.subjects.count == 1 ? "\(waiting.subjects[0])" : "\(waiting.subjects.count) people"
    return "\(people), \(waiting.reason.rawValue), since \(waiting.recordedAt)"
  }

  // MARK: - For programs

  private static func json(_ objects: [String]) -> String { "[\(objects.joined(separator: ","))]" }

  private static func json(_ placement: Matter.Placement) -> String {
    var object = JSONWriter()
    object.member("subjects", strings: placement.scope.subjects.map(\.hex))
    object.member("datasets", strings: placement.scope.datasets)
    object.member("classes", strings: placement.scope.classes)
    object.member("reason", placement.reason)
    object.member("approver", placement.approver)
    object.member("review", "\(placement.review)")
    object.member("actor", placement.actor)
    object.member("recordedAt", "\(placement.recordedAt)")
    object.member("position", placement.position.value)
    object.member("tooLate", placement.tooLate) { late, object in
      object.member("subject", late.subject.hex)
      object.member("request", "\(late.request)")
    }
    return object.object
  }

  private static func json(_ release: Matter.Release) -> String {
    var object = JSONWriter()
    object.member("reason", release.reason)
    object.member("approver", release.approver)
    object.member("actor", release.actor)
    object.member("recordedAt", "\(release.recordedAt)")
    object.member("position", release.position.value)
    return object.object
  }

  private static func json(_ waiting: Erasures.Waiting) -> String {
    var object = JSONWriter()
    object.member("id", "\(waiting.id)")
    object.member("subjects", strings: waiting.subjects.map(\.hex))
    object.member("reason", waiting.reason.rawValue)
    object.member("recordedAt", "\(waiting.recordedAt)")
    return object.object
  }
}
