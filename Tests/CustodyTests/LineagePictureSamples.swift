import Custody
import CustodyTesting

/// Pictures for tests: the same for the same seed.
enum LineagePictureSamples {
  /// Names that would break out of something, somewhere.
  static let hostileNames = [
    "</script><script>alert(1)</script>", "]]>--!><!--", "\"quoted\" & 'single' <b>", "\"\u{301}\"",
    "\u{202E}desrever\u{202C} name", "emoji 👩‍👩‍👧‍👦 🧪", "العربية עברית", "漢字データセット名前とても長い名前です",
    String(repeating: "very_long_name_", count: 40), "a" + String(repeating: "\u{301}", count: 300),
    "control\u{0}\u{1}\u{8}\u{1B}[31m\u{7F}\u{9B}\r\nline\ttab", "\u{FFFE}\u{FFFF}\u{2028}\u{FEFF}",
    "`${x}` {{y}} %%{init: {}}%% style: #a; www.example.com 1. -", "\\N \\G \\\\ \\", "%41%zz", "",
    "end", "n0", "prov:type", "a:b", "𒐫𒐫𒐫﷽",
  ]

  static func at(_ hour: Int) -> Timestamp {
    Timestamp(microseconds: Int64(1_767_312_000 + hour * 3600) * 1_000_000)
  }

  /// Any edges between any nodes: cycles, edges twice and to oneself, nodes without any.
  static func random(
    _ nodeCount: Int, _ edgeCount: Int, seed: Int, names: [String] = [], groupCount: Int = 0
  ) -> LineagePicture {
    var random = SeededGenerator(seed)
    let states: [LineagePicture.State?] = [nil, .running, .completed, .failed, .aborted, .erased]
    let nodes = (0..<nodeCount).map { index in
      func name(_ step: Int) -> String {
        names.isEmpty ? "node_\(index)_\(step)" : names[(index + step) % names.count]
      }
      let isErased = index % 7 == 0
      return LineagePicture.Node(
        kind: LineagePicture.Kind.allCases.randomElement(using: &random) ?? .dataset,
        namespace: name(1), name: name(0), version: index.isMultiple(of: 2) ? name(2) : nil,
        id: index.isMultiple(of: 3) ? name(3) : nil,
        state: isErased ? .erased : states[index % states.count],
        startedAt: index.isMultiple(of: 4) ? nil : at(index),
        endedAt: index.isMultiple(of: 5) ? at(index + 1) : nil,
        invalidatedAt: isErased ? at(index + 9) : nil,
        owners: index % 3 == 1 ? [name(4), name(5)] : [],
        actor: index % 3 == 2 ? name(6) : nil,
        group: groupCount == 0
          ? nil : names.isEmpty ? "g\(index % groupCount)" : name(index % groupCount),
        facts: index.isMultiple(of: 2) ? [(name(7), name(8)), ("size", "12")] : [])
    }
    let edges = (0..<(nodeCount == 0 ? 0 : edgeCount)).map { index in
      LineagePicture.Edge(
        source: Int.random(in: 0..<nodeCount, using: &random),
        target: Int.random(in: 0..<nodeCount, using: &random),
        kind: LineagePicture.EdgeKind.allCases.randomElement(using: &random) ?? .reads,
        time: index.isMultiple(of: 3) ? nil : at(index),
        label: index.isMultiple(of: 4) ? (names.isEmpty ? "edge" : names[index % names.count]) : nil
      )
    }
    return LineagePicture(
      title: names.first ?? "A picture", moment: names.last ?? "now", nodes: nodes, edges: edges,
      focus: nodeCount > 2 ? [1, 2] : [], isComplete: !seed.isMultiple(of: 2),
      visited: nodeCount + 7)
  }

  static func hostile(_ nodeCount: Int = 60, groupCount: Int = 0) -> LineagePicture {
    random(nodeCount, nodeCount + 20, seed: 7, names: hostileNames, groupCount: groupCount)
  }
}
