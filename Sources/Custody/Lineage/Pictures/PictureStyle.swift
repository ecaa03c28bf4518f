/// The colors and lines of drawings, for light and dark surroundings.
///
/// Every text has a contrast of at least 4.5 : 1 against what is behind it, every line that means
/// something 3 : 1 (WCAG 2.2, 1.4.3 and 1.4.11). No meaning rests on color alone: kinds have
/// icons and outlines, states have signs, edges have patterns.
package enum PictureStyle {
  /// Colors as CSS has them.
  package struct Palette: Sendable {
    package let ground, surface, ink, muted, line, edge, against, danger, accent: String
    package let data, part, process, model: String
    package let dataTint, partTint, processTint, modelTint: String
  }

  package static let light = Palette(
    ground: "#f6f7f9", surface: "#ffffff", ink: "#17212b", muted: "#55616d", line: "#d5dbe1",
    edge: "#7b8894", against: "#a8326b", danger: "#b3261e", accent: "#0b57d0",
    data: "#1f5fae", part: "#0f6b57", process: "#8a5200", model: "#6240a8",
    dataTint: "#e8f0fa", partTint: "#e4f3ee", processTint: "#faf0e0", modelTint: "#f0ebfa")

  package static let dark = Palette(
    ground: "#11161c", surface: "#1a2129", ink: "#e7ecf1", muted: "#a7b3be", line: "#333e49",
    edge: "#73818e", against: "#f08bb8", danger: "#ff8f85", accent: "#8ab4f8",
    data: "#7fb5f5", part: "#66cdb3", process: "#efb65f", model: "#bca5f4",
    dataTint: "#1d2f45", partTint: "#183630", processTint: "#3a2d18", modelTint: "#2c2542")

  static let fonts =
    "system-ui,-apple-system,\"Segoe UI\",Roboto,\"Helvetica Neue\",Arial,sans-serif"

  /// The rules of a drawing, in both kinds of surroundings.
  static var drawing: String {
    shapes + "\n" + colors(light) + "\n@media (prefers-color-scheme: dark) {\n" + colors(dark)
      + "\n}"
  }

  private static let shapes = """
    text { font-family: \(fonts); unicode-bidi: plaintext; white-space: pre; }
    .label { font-size: 13px; font-weight: 600; }
    .detail, .key { font-size: 11px; }
    .title { font-size: 20px; font-weight: 650; }
    .subtitle { font-size: 12px; }
    .icon, .sign { fill: none; stroke: currentColor; stroke-width: 1.5; stroke-linecap: round;
      stroke-linejoin: round; }
    .box { stroke: currentColor; stroke-width: 1.25; }
    .tile, .arrow { stroke: none; }
    .focus .box { stroke-width: 3; }
    .s-erased .box, .s-partly-erased .box { stroke-dasharray: 4 3; }
    .s-erased .label { text-decoration: line-through; }
    .edge { fill: none; stroke-width: 1.5; stroke-linecap: round; }
    .e-derives { stroke-width: 2.5; }
    .e-indirect { stroke-dasharray: 6 5; }
    .e-trains { stroke-width: 2.5; stroke-dasharray: 12 4 2 4; }
    .e-contains { stroke-dasharray: 1 4; }
    """

  private static func colors(_ palette: Palette) -> String {
    let kinds = [
      ("dataset", palette.data, palette.dataTint), ("version", palette.data, palette.dataTint),
      ("column", palette.part, palette.partTint), ("record", palette.part, palette.partTint),
      ("job", palette.process, palette.processTint), ("run", palette.process, palette.processTint),
      ("model", palette.model, palette.modelTint), ("group", palette.muted, palette.ground),
    ]
    let rules = kinds.map { ".k-\($0.0) { color: \($0.1); } .k-\($0.0) .tile { fill: \($0.2); }" }
    return """
      .ground { fill: \(palette.ground); }
      .label, .title { fill: \(palette.ink); }
      .detail, .subtitle, .key { fill: \(palette.muted); }
      .box { fill: \(palette.surface); }
      .edge { stroke: \(palette.edge); }
      .arrow { fill: \(palette.edge); }
      .edge.against { stroke: \(palette.against); }
      .arrow.against { fill: \(palette.against); }
      .edge.strong { stroke: \(palette.accent); }
      .arrow.strong { fill: \(palette.accent); }
      .s-failed .sign, .s-aborted .sign { color: \(palette.danger); }
      .s-erased { color: \(palette.muted); }
      .s-erased .label { fill: \(palette.muted); }
      \(rules.joined(separator: "\n"))
      """
  }
}

/// Pictures that drawings use many times.
enum PictureSymbols {
  /// Icons of kinds (20 by 20), signs of states (16 by 16), heads of arrows, by their ids.
  static let definitions =
    icons.map { symbol("icon-\($0.0)", 20, $0.1) }.joined(separator: "\n") + "\n"
    + signs.map { symbol("sign-\($0.0)", 16, $0.1) }.joined(separator: "\n") + "\n"
    + ["", "against", "strong"].map(arrow).joined(separator: "\n")

  private static func symbol(_ id: String, _ size: Int, _ content: String) -> String {
    "<symbol id=\"\(id)\" viewBox=\"0 0 \(size) \(size)\">\(content)</symbol>"
  }

  private static func arrow(_ name: String) -> String {
    """
    <marker id="arrow\(name.isEmpty ? "" : "-")\(name)" viewBox="0 0 8 8" refX="7" refY="4" \
    markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto">\
    <path class="arrow \(name)" d="M0 0.5 8 4 0 7.5Z"/></marker>
    """
  }

  private static let icons = [
    (
      "dataset",
      "<ellipse cx=\"10\" cy=\"4.5\" rx=\"6.5\" ry=\"2.5\"/>"
        + "<path d=\"M3.5 4.5v11c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5v-11M3.5 10c0 1.4 2.9 2.5 6.5 2.5s6.5-1.1 6.5-2.5\"/>"
    ),
    (
      "version",
      "<path d=\"M10 2.5 17.5 6.5 10 10.5 2.5 6.5ZM2.5 10 10 14 17.5 10M2.5 13.5 10 17.5 17.5 13.5\"/>"
    ),
    (
      "column",
      "<rect x=\"2.5\" y=\"3.5\" width=\"15\" height=\"13\" rx=\"1.5\"/>"
        + "<path d=\"M7.5 3.5v13M12.5 3.5v13M7.5 7h5M7.5 10h5M7.5 13h5\"/>"
    ),
    (
      "record",
      "<rect x=\"2.5\" y=\"3.5\" width=\"15\" height=\"13\" rx=\"1.5\"/>"
        + "<path d=\"M2.5 7.8h15M2.5 12.2h15M5.5 10h3M11 10h4\"/>"
    ),
    (
      "job",
      "<path d=\"M10 2 17 6v8l-7 4-7-4V6Z\"/><circle cx=\"10\" cy=\"10\" r=\"3\"/>"
    ),
    ("run", "<circle cx=\"10\" cy=\"10\" r=\"7.5\"/><path d=\"M8 6.5 13.5 10 8 13.5Z\"/>"),
    (
      "model",
      "<circle cx=\"4.5\" cy=\"5\" r=\"2\"/><circle cx=\"4.5\" cy=\"15\" r=\"2\"/>"
        + "<circle cx=\"15.5\" cy=\"10\" r=\"2.5\"/><path d=\"M6.4 5.9 13.2 9M6.4 14.1 13.2 11\"/>"
    ),
    (
      "group",
      "<path d=\"M2.5 6V4.5h5L9.5 6.5h8v9h-15Z\"/><path d=\"M10 8.5v5M7.5 11h5\"/>"
    ),
  ]

  private static let signs = [
    ("running", "<path d=\"M8 1.5a6.5 6.5 0 1 1-6.5 6.5\"/><path d=\"M8 4.5V8l2.5 1.5\"/>"),
    ("completed", "<circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path d=\"M5 8.2 7.2 10.4 11 6\"/>"),
    (
      "failed",
      "<circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path d=\"M5.5 5.5 10.5 10.5M10.5 5.5 5.5 10.5\"/>"
    ),
    ("aborted", "<path d=\"M8 2 14.5 13.5h-13ZM8 6.5v3M8 11.4v.1\"/>"),
    ("erased", "<circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path d=\"M3.5 12.5 12.5 3.5\"/>"),
    ("partly-erased", "<circle cx=\"8\" cy=\"8\" r=\"6.5\"/><path d=\"M5.5 8h5\"/>"),
  ]
}
