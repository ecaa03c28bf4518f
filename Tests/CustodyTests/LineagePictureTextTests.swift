import Custody
import CustodyTesting
import Foundation
import Testing

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite("Names in exported pictures")
struct LineagePictureTextTests {
  private static let hostile = LineagePictureSamples.hostile(groupCount: 5)

  @Test("stay inside the quoted strings of DOT")
  func dot() {
    // Outside strings there is nothing but our own statements.
    var outside = ""
    var strings: [String] = []
    var scalars = Array(Self.hostile.dot.unicodeScalars)[...]
    while let scalar = scalars.popFirst() {
      guard scalar == "\"" else {
        outside.unicodeScalars.append(scalar)
        continue
      }
      var string = ""
      while let next = scalars.popFirst(), next != "\"" {
        string.unicodeScalars.append(next)
        if next == "\\", let escaped = scalars.popFirst() { string.unicodeScalars.append(escaped) }
      }
      strings.append(string)
      outside += "S"
    }
    #expect(outside.hasSuffix("}\n"))
    for line in outside.split(separator: "\n").dropFirst() {
      let ours = #/ *(n\d+( -> n\d+)? \[[a-z0-9=S., ]*\];|subgraph cluster_\d+ \{|\}|[a-z]+=S; .*)/#
      let head = #/ *((graph|node|edge) \[.*|[a-z]+=S.*\];?)/#
      #expect(line.wholeMatch(of: ours) != nil || line.wholeMatch(of: head) != nil, "\(line)")
    }
    // Whoever reads labels knows only these, and no entity that is not ours.
    for string in strings {
      #expect(!string.unicodeScalars.contains { $0.value < 0x20 })
      let escapes = string.matches(of: #/\\(.)/#.matchingSemantics(.unicodeScalar))
      for escape in escapes { #expect(["\\", "\"", "n"].contains(String(escape.1))) }
      #expect(!string.replacing("&amp;", with: "").contains("&"))
    }
  }

  @Test("are codes in Mermaid, where they are not letters and digits")
  func mermaid() {
    for line in Self.hostile.mermaid.split(separator: "\n").dropFirst(4) {
      let parts = line.unicodeScalars.split(separator: "\"", omittingEmptySubsequences: false)
      #expect(parts.count == 1 || parts.count == 3, "\(line)")
      guard parts.count == 3 else { continue }
      #expect(!parts[1].isEmpty, "an empty string is an error")
      let text = String(String.UnicodeScalarView(parts[1])).replacing("<br/>", with: "")
      let allowed = #/([A-Za-z0-9 _\/-]|#\d+;|[^\u{0}-\u{7F}])*/#.matchingSemantics(.unicodeScalar)
      #expect(text.wholeMatch(of: allowed) != nil, "\(text)")
      #expect(!String(String.UnicodeScalarView(parts[0] + parts[2])).contains("script"))
    }
  }

  @Test("are well-formed XML in GraphML and SVG", arguments: [0, 1, 2, 60])
  func xml(nodeCount: Int) throws {
    let picture = LineagePictureSamples.hostile(nodeCount, groupCount: 3)
    for text in [picture.graphML, picture.svg] {
      let reader = ElementReader()
      let parser = XMLParser(data: Data(text.utf8))
      parser.delegate = reader
      #expect(parser.parse(), "\(String(describing: parser.parserError))")
      #expect(!reader.elements.contains("script"))
    }
  }

  @Test("come back from GraphML, but for what XML cannot have")
  func graphML() throws {
    let reader = ElementReader()
    let parser = XMLParser(data: Data(Self.hostile.graphML.utf8))
    parser.delegate = reader
    try #require(parser.parse())
    #expect(reader.elements.count { $0 == "node" } == Self.hostile.nodes.count)
    #expect(reader.elements.count { $0 == "edge" } == Self.hostile.edges.count)
    let names = reader.data.filter { $0.key == "node-name" }.map(\.text)
    let expected = Self.hostile.nodes.map { node in
      var out = String.UnicodeScalarView()
      for scalar in node.name.unicodeScalars {
        let isKept = "\t\n\r".unicodeScalars.contains(scalar)
        let isBad =
          scalar.value < 0x20 && !isKept || (0x7F..<0xA0).contains(scalar.value)
          || scalar == "\u{FFFE}" || scalar == "\u{FFFF}"
        out.append(isBad ? "\u{FFFD}" : scalar)
      }
      return String(out)
    }
    #expect(names.map { Array($0.utf8) } == expected.map { Array($0.utf8) })
  }

  @Test("show characters that nobody sees, and turn nothing around, where they are drawn")
  func invisible() {
    for text in [Self.hostile.dot, Self.hostile.mermaid, Self.hostile.svg, Self.hostile.html] {
      let banned: [ClosedRange<UInt32>] = [
        0...8, 0x0B...0x1F, 0x7F...0x9F, 0x200B...0x200C, 0x200E...0x200F, 0x202A...0x202E,
      ]
      #expect(!text.unicodeScalars.contains { one in banned.contains { $0.contains(one.value) } })
    }
  }

  @Test("of groups that differ in bytes alone are two groups")
  func groups() {
    let nodes = ["\u{E9}", "e\u{301}"].map {
      LineagePicture.Node(kind: .dataset, name: "a", group: $0)
    }
    let picture = LineagePicture(title: "", nodes: nodes, edges: [])
    #expect(picture.groups.count == 2)
    #expect(picture.dot.contains("cluster_1"))
  }
}

/// The names of elements, and the texts of GraphML's data.
private final class ElementReader: NSObject, XMLParserDelegate {
  var elements: [String] = []
  var data: [(key: String, text: String)] = []
  private var isData = false

  func parser(
    _ parser: XMLParser, didStartElement name: String, namespaceURI: String?,
    qualifiedName: String?, attributes: [String: String]
  ) {
    elements.append(name)
    isData = name == "data"
    if isData { data.append((attributes["key"] ?? "", "")) }
  }

  func parser(_ parser: XMLParser, foundCharacters text: String) {
    if isData { data[data.count - 1].text += text }
  }

  func parser(
    _ parser: XMLParser, didEndElement name: String, namespaceURI: String?, qualifiedName: String?
  ) { isData = false }
}
