/// The parts of a name that could be somebody's identifier.
package enum NameParts {
  /// Scalars rather than characters: a combining mark on a separator leaves it one.
  static let separators: Set<Unicode.Scalar> = ["/", ":", ".", "-", "_", "@", " "]
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
    let scalars = name.unicodeScalars
    var bounds: [(start: String.Index, end: String.Index)] = []
    var start = scalars.startIndex
    for index in scalars.indices where separators.contains(scalars[index]) {
      bounds.append((start, index))
      start = scalars.index(after: index)
    }
    bounds.append((start, scalars.endIndex))
    for first in bounds.indices {
      let last = bounds.count <= combinedCountMax ? bounds.count - 1 : first
      for end in first...last {
        let part = scalars[bounds[first].start..<bounds[end].end]
        if part.count >= partCountMin { candidates.insert(String(part)) }
      }
    }
    return candidates
  }
}
