/// What differs between two tables besides their rows.
package enum FrameDifference {
  /// In words, for example `header id,text → id,words`; nil when nothing differs.
  package static func text(_ old: TableFrame, _ new: TableFrame, arrow: String = "→") -> String? {
    var parts: [String] = []
    if old.header != new.header {
      let headers = [old.header, new.header].map { header in
        header.map { String(decoding: $0.prefix(200), as: UTF8.self) } ?? "none"
      }
      parts.append("header \(headers[0]) \(arrow) \(headers[1])")
    }
    if old.hasByteOrderMark != new.hasByteOrderMark { parts.append("byte-order mark") }
    if old.lineEnd != new.lineEnd || old.hasLastLineEnd != new.hasLastLineEnd
      || old.exceptions != new.exceptions
    {
      parts.append("line ends")
    }
    return parts.isEmpty ? nil : parts.joined(separator: ", ")
  }
}
