/// The body of C2SP's witness protocol: `old N`, hashes, a blank line, the checkpoint.
package struct ConsistencyFile: Sendable, Equatable {
  package let old: Int
  package let path: [Digest]
  package let checkpoint: String

  package init(old: Int, path: [Digest], checkpoint: String) {
    self.old = old
    self.path = path
    self.checkpoint = checkpoint
  }

  package var encoded: String {
    let hashes = path.map { Base64.encode($0.bytes) + "\n" }.joined()
    return "old \(old)\n\(hashes)\n\(checkpoint)"
  }

  /// The parts, or nil when the text is no such body; nothing is verified.
  package init?(parsing text: String) {
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    guard let first = lines.first, first.hasPrefix("old "),
      let old = Decimal.parse(first.dropFirst(4).utf8),
      let blank = lines.firstIndex(of: ""), blank - 1 <= TreeProof.hashCountMax
    else { return nil }
    var path: [Digest] = []
    for line in lines[1..<blank] {
      guard let bytes = Base64.decode(line), let hash = Digest(bytes) else { return nil }
      path.append(hash)
    }
    self.init(
      old: old, path: path, checkpoint: lines[(blank + 1)...].joined(separator: "\n"))
  }
}
