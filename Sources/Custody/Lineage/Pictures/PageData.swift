import CustodyLedger
import CustodyModel

/// What the script of a page knows, as JSON that may stand inside an HTML document.
struct PageData {
  private let picture: LineagePicture
  private let scenes: FoldedScenes

  init(_ picture: LineagePicture, _ scenes: FoldedScenes) {
    self.picture = picture
    self.scenes = scenes
  }

  /// The object; `<` is written as `\u003c`, so that nothing in it ends a script or begins a comment.
  var json: String {
    var writer = JSONWriter()
    writer.member("moment", DrawnText.visible(picture.moment))
    writer.member("kinds", strings: LineagePicture.EdgeKind.allCases.map(\.rawValue))
    writer.member("nodes", json: array(picture.nodes.map(node)))
    writer.member("focus", json: array(picture.focus.filter(picture.nodes.indices.contains)))
    writer.member(
      "groups",
      json: array(
        scenes.groups.map { group in
          var writer = JSONWriter()
          writer.member("name", DrawnText.visible(group.name))
          writer.member("members", json: array(group.members))
          return writer.object
        }))
    writer.member(
      "edges",
      json: array(
        picture.drawnEdges.map { edge in
          array([
            "\(edge.source)", "\(edge.target)", kind(edge.kind), milliseconds(edge.time),
            edge.label.map { JSONWriter.quoted(DrawnText.visible($0)) } ?? "null",
          ])
        }))
    writer.member("scenes", json: array(scenes.scenes.map(scene)))
    return DrawnText.replacing(in: writer.object) { $0 == "<" ? "\\u003c" : nil }
  }

  private func node(_ node: LineagePicture.Node) -> String {
    var writer = JSONWriter()
    writer.member("kind", node.kind.rawValue)
    writer.member("label", DrawnText.visible(node.label))
    var facts: [(String, String)] = [("Name", node.name)]
    if !node.namespace.isEmpty { facts.append(("Namespace", node.namespace)) }
    if let version = node.version { facts.append(("Version", version)) }
    if let id = node.id { facts.append(("Id", id)) }
    if let state = node.state { facts.append(("State", state.text)) }
    if let time = node.startedAt {
      facts.append((node.kind == .run ? "Began" : "Written", "\(time)"))
    }
    if let time = node.naiveStart {
      facts.append((node.kind == .run ? "Began" : "Written", "\(time.withoutZone)~ (no time zone)"))
    }
    if let time = node.endedAt { facts.append(("Ended", "\(time)")) }
    if let time = node.naiveEnd { facts.append(("Ended", "\(time.withoutZone)~ (no time zone)")) }
    if node.erasures.isEmpty, let time = node.invalidatedAt {
      facts.append(("Erased", "\(time)"))
    }
    facts += node.erasures.map { ("Erased", $0.text) }
    if let actor = node.actor { facts.append(("By", actor)) }
    if !node.owners.isEmpty { facts.append(("Owners", node.owners.joined(separator: ", "))) }
    if let group = node.group { facts.append(("Group", group)) }
    facts += node.facts.map { ($0.name, $0.value) }
    writer.member(
      "facts",
      json: array(
        facts.map {
          array([$0.0, $0.1].map { JSONWriter.quoted(DrawnText.visible($0)) })
        }))
    if let state = node.state { writer.member("state", state.rawValue) }
    writer.member("start", json: milliseconds(node.startedAt))
    writer.member("end", json: milliseconds(node.endedAt))
    writer.member("gone", json: milliseconds(node.invalidatedAt))
    return writer.object
  }

  /// Boxes with their places; lines with the indices of their boxes and edges, and their ways.
  private func scene(_ scene: FoldedScenes.Scene) -> String {
    let drawing = scene.drawing
    var writer = JSONWriter()
    writer.member("group", scene.group)
    writer.member("width", drawing.width)
    writer.member("height", drawing.height)
    writer.member(
      "boxes",
      json: array(
        drawing.boxes.map { array([JSONWriter.quoted($0.subject.id), "\($0.x)", "\($0.y)"]) }))
    writer.member(
      "lines",
      json: array(
        drawing.lines.map { line in
          array([
            "\(line.source)", "\(line.target)", kind(line.kind),
            line.route.isAgainst ? "1" : "0", JSONWriter.quoted(line.route.path), array(line.edges),
          ])
        }))
    return writer.object
  }

  private func kind(_ kind: LineagePicture.EdgeKind) -> String {
    "\(LineagePicture.EdgeKind.allCases.firstIndex(of: kind) ?? 0)"
  }

  /// Milliseconds since 1970, as JavaScript counts, rounded up: a moment holds what came to be in it.
  private func milliseconds(_ time: Timestamp?) -> String {
    guard let time else { return "null" }
    let (whole, rest) = time.microseconds.quotientAndRemainder(dividingBy: 1000)
    return "\(rest > 0 ? whole + 1 : whole)"
  }

  private func array(_ values: [some CustomStringConvertible]) -> String {
    "[" + values.map(\.description).joined(separator: ",") + "]"
  }
}
