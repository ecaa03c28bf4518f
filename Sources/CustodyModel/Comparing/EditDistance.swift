/// How far apart two words are.
package enum EditDistance {
  /// Elements to change, add or leave out (Levenshtein).
  ///
  /// Cost: the product of the lengths.
  package static func between<Element: Equatable>(
    _ left: some Collection<Element>, _ right: some Collection<Element>
  ) -> Int {
    let right = Array(right)
    var row = Array(0...right.count)
    for (line, element) in left.enumerated() {
      var diagonal = row[0]
      row[0] = line + 1
      for column in right.indices {
        let above = row[column + 1]
        row[column + 1] = min(
          above + 1, row[column] + 1, diagonal + (element == right[column] ? 0 : 1))
        diagonal = above
      }
    }
    return row[right.count]
  }
}
