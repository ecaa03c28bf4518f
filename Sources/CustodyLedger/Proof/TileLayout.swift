/// Where the files of a tile export stand: C2SP tlog-tiles.
package enum TileLayout {
  package static let checkpoint = "checkpoint"
  /// Hashes in a whole tile, and entries in a whole bundle.
  package static let width = 256

  /// `tile/<L>/<N>[.p/<W>]`.
  package static func tile(level: Int, place: Int, width: Int) -> String {
    "tile/\(level)/\(path(place))\(suffix(width))"
  }

  /// `tile/entries/<N>[.p/<W>]`.
  package static func bundle(_ place: Int, width: Int) -> String {
    "tile/entries/\(path(place))\(suffix(width))"
  }

  private static func suffix(_ width: Int) -> String { width == self.width ? "" : ".p/\(width)" }

  /// "N ... MUST be non-negative integers encoded into zero-padded 3-digit path elements. All but the
  /// last path element MUST begin with an x": 1234067 is x001/x234/067.
  private static func path(_ place: Int) -> String {
    var parts: [String] = []
    var rest = place
    repeat {
      let digits = String(rest % 1000)
      parts.append(String(repeating: "0", count: 3 - digits.count) + digits)
      rest /= 1000
    } while rest > 0
    return (parts.dropFirst().reversed().map { "x\($0)" } + [parts[0]]).joined(separator: "/")
  }
}
