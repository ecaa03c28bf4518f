import CustodyTesting
import Testing

/// `custody-format-v1.json`: worked examples by a second implementation of the format.
@Suite("The format's shared vectors are reproduced byte for byte", .needsVectors)
struct FormatVectorTests {
  @Test("joint keys") func jointKeys() throws { try FormatFile.shared().checkJointKeys() }

  @Test("XAES-256-GCM") func ciphers() throws { try FormatFile.shared().checkCiphers() }

  @Test("claims, bodies, commitments, headers and leaves of 11 events")
  func events() throws {
    let file = try FormatFile.shared()
    #expect(file.events.count == 11)
    try file.checkEvents()
  }

  @Test("every body opens to its content")
  func opening() throws { try FormatFile.shared().checkOpening() }

  @Test("every event that explains is read and written back, and what it says holds")
  func systemEvents() throws { try FormatFile.shared().checkSystemEvents() }

  @Test("objects, their addresses and contents")
  func objects() throws { try FormatFile.shared().checkObjects() }

  @Test("a dataset version's root")
  func versionRoot() throws { try FormatFile.shared().checkVersionRoot() }

  @Test("12 checkpoints, their notes and cosignatures")
  func checkpoints() throws {
    let file = try FormatFile.shared()
    #expect(file.checkpoints.count == 12)
    try file.checkCheckpoints()
  }

  @Test("11 inclusion paths and proof files")
  func inclusion() throws {
    let file = try FormatFile.shared()
    #expect(file.inclusion.count == 11)
    try file.checkInclusion()
  }

  @Test("65 consistency proofs")
  func consistency() throws {
    let file = try FormatFile.shared()
    #expect(file.consistency.count == 65)
    try file.checkConsistency()
  }
}
