import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A writer that runs while its files are replaced stops")
struct KeyRecoveryWriterTests {
  @Test(
    "a writer whose files were replaced stops, and writes nothing more",
    arguments: ["ledger.sqlite", "keys.sqlite", "objects.sqlite"])
  func replacedUnderWriter(name: String) async throws {
    let place = try await RecoveryPlace()
    let path = place.path("store/\(name)")
    let writer = try place.temporary.open()
    try await writer.append(RecoveryPlace.event(1))
    let size = try writer.head().size
    try FileManager.default.copyItem(atPath: path, toPath: path + ".copy")
    try FileManager.default.moveItem(atPath: path, toPath: path + ".first")
    try FileManager.default.moveItem(atPath: path + ".copy", toPath: path)
    let error = await #expect(throws: CustodyError.self) {
      try await writer.subjects.register(["patient-0099"])
    }
    #expect(error?.code == .needsRecovery)
    // Not even when the file is back: what was written in between is not known here.
    try FileManager.default.removeItem(atPath: path)
    try FileManager.default.moveItem(atPath: path + ".first", toPath: path)
    for _ in 0..<2 {
      let error = await #expect(throws: CustodyError.self) {
        try await writer.append(RecoveryPlace.event(2))
      }
      #expect(error?.code == .needsRecovery && error?.message.contains(name) == true)
    }
    #expect(try place.temporary.open(for: .reading).head().size == size)
  }

  @Test("a writer that runs while keys are recovered registers nobody in the keyring that is gone")
  func recoveredUnderWriter() async throws {
    let place = try await RecoveryPlace()
    let backup = try await place.keyBackup()
    let writer = try place.temporary.open()
    try await writer.append(RecoveryPlace.event(1))
    try FileManager.default.moveItem(
      atPath: place.temporary.keysFile, toPath: place.path("elsewhere"))
    try await place.recover(backup)
    let error = await #expect(throws: CustodyError.self) {
      try await writer.subjects.register(["patient-0099"])
    }
    #expect(error?.code == .needsRecovery)
    #expect(SmallStore.code { try writer.head() } == nil)
    #expect(try place.condition == .clean)
  }
}
