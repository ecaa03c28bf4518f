import CustodyLedger

/// Which contents go with some keys: all that one of them seals, but for those about several people that
/// have to stay, and open under the joint key that is kept.
package struct DyingKeys: Sendable {
  package let keys: Set<KeyID>
  /// Sets of keys, each ascending, of which what they sealed together stays.
  package let kept: Set<[KeyID]>

  package init(_ keys: some Sequence<KeyID>, keeping kept: some Sequence<[KeyID]> = []) {
    self.keys = Set(keys)
    self.kept = Set(kept)
  }

  /// Whether a content goes.
  ///
  /// - Parameters:
  ///   - bytes: the ids of the keys that seal it, 16 bytes each, one after the other.
  ///   - joint: gets the ids of a content that goes, where they are several.
  func take(_ bytes: UnsafeRawBufferPointer, _ joint: inout Set<[KeyID]>) -> Bool {
    guard bytes.count > KeyID.byteCount else {
      return bytes.count == KeyID.byteCount
        && keys.contains(bytes.loadUnaligned(as: KeyID.self))
    }
    let ids = stride(from: 0, to: bytes.count - KeyID.byteCount + 1, by: KeyID.byteCount).map {
      bytes.loadUnaligned(fromByteOffset: $0, as: KeyID.self)
    }
    guard take(ids) else { return false }
    joint.insert(ids)
    return true
  }

  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var joint: Set<[KeyID]> = []
    return take(bytes, &joint)
  }

  /// Whether what a set of keys seals goes.
  package func take(_ ids: [KeyID]) -> Bool {
    guard ids.contains(where: keys.contains) else {
      return ids.count > 1 && keys.contains(JointKey.id(of: ids))
    }
    return !kept.contains(ids)
  }
}
