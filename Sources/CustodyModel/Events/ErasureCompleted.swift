/// An erasure is done: what every file of the store was searched for afterwards, and what was found.
package struct ErasureCompleted: ModelEvent {
  package static let type = "erasure.completed"
  package static let version: UInt16 = 1

  /// The id of the `erasure.requested` that it answers.
  package let request: String
  /// Pieces of what was removed that were searched for.
  package let needles: Int
  /// Files that were searched, and their bytes.
  package let files: Int
  package let bytes: Int
  /// Pieces that were found: 0 when nothing is left.
  package let remnants: Int
  /// Whether the first pieces were lost by a kill, and these were taken of what was left then.
  package let isOfLaterNeedles: Bool

  package init(
    request: String, needles: Int, files: Int, bytes: Int, remnants: Int, isOfLaterNeedles: Bool
  ) {
    self.request = request
    self.needles = needles
    self.files = files
    self.bytes = bytes
    self.remnants = remnants
    self.isOfLaterNeedles = isOfLaterNeedles
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("request", request)
    writer.member("needles", needles)
    writer.member("files", files)
    writer.member("bytes", bytes)
    writer.member("remnants", remnants)
    writer.member("laterNeedles", isOfLaterNeedles)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let request = reader.string("request"),
      let needles = reader.integer("needles"), let files = reader.integer("files"),
      let bytes = reader.integer("bytes"), let remnants = reader.integer("remnants"),
      let isOfLaterNeedles = reader.boolean("laterNeedles")
    else { return nil }
    self.init(
      request: request, needles: needles, files: files, bytes: bytes, remnants: remnants,
      isOfLaterNeedles: isOfLaterNeedles)
  }

  package static let example = ErasureCompleted(
    request: "01a204a7-ba70-7fdc-b314-7b88f7b52729", needles: 20_041, files: 12,
    bytes: 1_000_000_000, remnants: 0, isOfLaterNeedles: false)
}
