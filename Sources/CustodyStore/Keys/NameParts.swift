/// The parts of a name that could be somebody's identifier.
package enum NameParts {
  static let separators: Set<Character> = ["/", ":", ".", "-", "_", "@", " "]
  /// Shorter parts are not looked up: "to" or "a12" would match too much.
  static let partCountMin = 4
  /// Parts beyond this many are looked up one by one only, so that a name of 512 separators costs
  /// no more than a few thousand hashes.
  static let combinedCountMax = 32

  /// The name itself, and every run of neighboring parts of four characters or more.
  ///
  /// An identifier may hold separators itself (`patient-0017`), so runs are looked up with theirs.
  package static func candidates(of name: String) -> Set<String> {
    var candidates: Set<String> = [name]
    var bounds: [(start: String.Index, end: String.Index)] = []
    var start = name.startIndex
    for index in name.indices where separators.contains(name[index]) {
      bounds.append((start, index))
      start = name.index(after: index)
    }
    bounds.append((start, name.endIndex))
    for first in bounds.indices {
      let last = bounds.count <= combinedCountMax ? bounds.count - 1 : first
      for end in first...last {
        let part = name[bounds[first].start..<bounds[end].end]
        if part.count >= partCountMin { candidates.insert(String(part)) }
      }
    }
    return candidates
  }
}
