import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("The page of a picture")
struct LineagePicturePageTests {
  private static func between(_ text: String, _ start: String, _ end: String) throws -> String {
    let from = try #require(text.range(of: start, options: .literal)).upperBound
    let to = try #require(text.range(of: end, options: .literal, range: from..<text.endIndex))
    return String(text[from..<to.lowerBound])
  }

  private static func data(_ page: String) throws -> [String: Any] {
    let text = try between(page, "<script type=\"application/json\" id=\"data\">", "</script>")
    return try #require(
      try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
  }

  @Test("runs its own script alone: a policy names its hash, and there is no other")
  func policy() throws {
    let page = LineagePictureSamples.hostile(90, groupCount: 5).html
    let policy = try Self.between(page, "Content-Security-Policy\" content=\"", "\"")
    for (name, start, end) in [
      ("script", "</script>\n<script>", "</script>"), ("style", "<style>", "</style>"),
    ] {
      let text = try Self.between(page, start, end)
      let hash = SHA256.hash(Array(text.utf8))
      let base64 = Data(hash.hex.hexBytes).base64EncodedString()
      #expect(policy.contains("\(name)-src 'sha256-\(base64)'"))
    }
    #expect(policy.hasPrefix("default-src 'none';"))
    #expect(page.ranges(of: "<script").count == 2)
    #expect(page.ranges(of: "</script").count == 2)
    #expect(page.ranges(of: "<style").count == 1)
    // What a policy of hashes refuses, and what would fetch something.
    let own = page.replacing("http://www.w3.org/2000/svg", with: "").replacing("-src ", with: "")
    for word in [" style=\"", " onclick", "src=", "@import", "http:", "https:", "url(\""] {
      let isThere = own.contains(word)
      #expect(!isThere, "\(word)")
    }
  }

  @Test("knows every node with all that is said of it")
  func contents() throws {
    let picture = LineagePictureSamples.hostile(40)
    let nodes = try #require(try Self.data(picture.html)["nodes"] as? [[String: Any]])
    #expect(nodes.count == picture.nodes.count)
    for (node, expected) in zip(nodes, picture.nodes) {
      let facts = try #require(node["facts"] as? [[String]])
      #expect(facts.first?.first == "Name")
      #expect(facts.count >= 1 + expected.facts.count)
      #expect(node["kind"] as? String == expected.kind.rawValue)
    }
  }

  @Test("folds groups at first when there are many nodes, and can unfold each")
  func folding() throws {
    let picture = LineagePictureSamples.random(500, 800, seed: 3, groupCount: 12)
    let data = try Self.data(picture.html)
    let scenes = try #require(data["scenes"] as? [[String: Any]])
    let boxCounts = scenes.map { ($0["boxes"] as? [Any])?.count ?? 0 }
    #expect(boxCounts.first == 12)
    #expect(boxCounts.last == 500)
    #expect(scenes.count == 14)
    let groups = try #require(data["groups"] as? [[String: Any]])
    for (group, scene) in zip(groups, scenes.dropFirst()) {
      let members = try #require(group["members"] as? [Int])
      let boxes = try #require(scene["boxes"] as? [[Any]]).compactMap { $0.first as? String }
      #expect(Set(boxes).isSuperset(of: members.map { "n\($0)" }))
      #expect(boxes.count == members.count + 11)
    }
  }

  @Test("folds nothing when there are few nodes, or groups of one")
  func notFolding() throws {
    for picture in [
      LineagePictureSamples.random(60, 80, seed: 3, groupCount: 5),
      LineagePictureSamples.random(90, 80, seed: 3, groupCount: 90),
      LineagePictureSamples.random(90, 80, seed: 3), LineagePictureSamples.random(0, 0, seed: 3),
    ] {
      let scenes = try #require(try Self.data(picture.html)["scenes"] as? [[String: Any]])
      #expect(scenes.count == 1)
      #expect((scenes[0]["boxes"] as? [Any])?.count == picture.nodes.count)
    }
  }

  @Test("draws an unfolded group with its neighbors alone when there are very many groups")
  func manyGroups() throws {
    let picture = LineagePictureSamples.random(300, 300, seed: 5, groupCount: 60)
    let scenes = try #require(try Self.data(picture.html)["scenes"] as? [[String: Any]])
    #expect(scenes.count == 62)
    #expect(scenes.dropFirst().dropLast().allSatisfy { ($0["boxes"] as? [Any])?.count ?? 0 < 60 })
  }

  @Test("has an edge of every drawing lead between boxes of it")
  func lines() throws {
    let picture = LineagePictureSamples.random(120, 260, seed: 8, groupCount: 9)
    let data = try Self.data(picture.html)
    for scene in try #require(data["scenes"] as? [[String: Any]]) {
      let count = try #require(scene["boxes"] as? [Any]).count
      for line in try #require(scene["lines"] as? [[Any]]) {
        let ends = line.prefix(2).compactMap { $0 as? Int }
        #expect(ends.count == 2 && ends.allSatisfy { (0..<count).contains($0) })
        #expect((line[4] as? String)?.hasPrefix("M") == true)
      }
    }
  }

  @Test("has colors that people can tell from what is behind them")
  func contrast() {
    for palette in [PictureStyle.light, PictureStyle.dark] {
      for text in [palette.ink, palette.muted] {
        for behind in [palette.ground, palette.surface] {
          #expect(contrast(text, behind) >= 4.5)
        }
      }
      let lines = [
        palette.edge, palette.against, palette.danger, palette.accent, palette.data, palette.part,
        palette.process, palette.model,
      ]
      for line in lines {
        for behind in [palette.ground, palette.surface] {
          #expect(contrast(line, behind) >= 3, "\(line) on \(behind)")
        }
      }
      for (line, tint) in [
        (palette.data, palette.dataTint), (palette.part, palette.partTint),
        (palette.process, palette.processTint), (palette.model, palette.modelTint),
      ] {
        #expect(contrast(line, tint) >= 3)
        #expect(contrast(palette.ink, tint) >= 4.5)
      }
    }
  }

  /// WCAG 2.2: "(L1 + 0.05) / (L2 + 0.05)", L1 the lighter of the relative luminances.
  private func contrast(_ first: String, _ second: String) -> Double {
    func luminance(_ color: String) -> Double {
      let parts = String(color.dropFirst()).hexBytes.map { byte -> Double in
        let part = Double(byte) / 255
        return part <= 0.04045 ? part / 12.92 : pow((part + 0.055) / 1.055, 2.4)
      }
      return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
    }
    let (one, other) = (luminance(first), luminance(second))
    return (max(one, other) + 0.05) / (min(one, other) + 0.05)
  }
}

extension String {
  fileprivate var hexBytes: [UInt8] {
    let digits = Array(utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap { start in
      UInt8(String(decoding: digits[start..<start + 2], as: UTF8.self), radix: 16)
    }
  }
}
