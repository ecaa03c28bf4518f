import CustodyStore
import Foundation

extension Evidence {
  private static let proofSuffix = ".tlog-proof"

  /// Writes a proof for each receipt into a folder, whole or not at all: `<position>.tlog-proof`.
  ///
  /// - Parameters:
  ///   - receipts: what appending returned.
  ///   - note: a checkpoint of this ledger that somebody keeps; the newest one when nil. All proofs
  ///     rest on the same.
  ///   - target: a folder.
  ///   - replacing: whether a folder of proofs that is there is replaced.
  ///   - progress: called with proofs written so far and in all.
  /// - Throws: as ``proof(for:under:)``, for the first receipt that has no proof; `alreadyExists`
  ///   for a folder that is there, or that holds anything but proofs.
  ///
  /// Cost: as ``proof(for:under:)`` for each.
  public func exportProofs(
    for receipts: [Receipt], under note: String? = nil, to target: String, replacing: Bool = false,
    progress: Store.VerificationProgress? = nil
  ) throws {
    let path = Store.absolute(target)
    guard replacing || !FileIO.exists(path) else {
      throw CustodyError(.alreadyExists, "\(target) exists already. Replace it with --force.")
    }
    try OutsidePath.check(path, store)
    try OutsidePath.checkReplacement(of: path, byFolder: true)
    // What is no proof is somebody's.
    if FileIO.exists(path) {
      guard try FileIO.names(in: path).allSatisfy({ $0.hasSuffix(Self.proofSuffix) }) else {
        throw CustodyError(
          .alreadyExists, "\(target) holds other files than proofs. Name another folder.")
      }
    }
    let anchor = try store.folder.read { try self.anchor(note, $0) }
    let building = OutsidePath.building(path, store)
    defer { UnfinishedFiles.remove(building) }
    guard mkdir(building, 0o700) == 0 else {
      throw CustodyError(SystemCallError("mkdir"), path: path)
    }
    for (index, receipt) in receipts.enumerated() {
      let proof = try proof(for: receipt, under: anchor.note)
      let name = "\(building)/\(receipt.position)\(Self.proofSuffix)"
      let file = try FileIO.open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
      defer { close(file) }
      try FileIO.writeAll(file, Array(proof.utf8), path)
      progress?(index + 1, receipts.count)
    }
    try OutsidePath.move(building, to: path, replacing: replacing)
  }
}
