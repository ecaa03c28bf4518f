import CustodyModel
import CustodyStore

/// Finds files that only their names differ in: the same bytes, about the same people. Empty files
/// and folders are never taken for each other, because all of them are the same.
struct RenameFinder {
  /// A file that one side alone has.
  struct File {
    /// Names it among those of its side: an ordinal, or a place in the source.
    let id: Int
    let key: [UInt8]
    let size: Int
    let keyIDs: [KeyID]
  }

  private struct Likeness: Hashable {
    let size: Int
    let keyIDs: [KeyID]
  }

  private let removed: [Likeness: [File]]
  private let added: [Likeness: [File]]

  init(removed: [File], added: [File]) {
    func grouped(_ files: [File]) -> [Likeness: [File]] {
      Dictionary(grouping: files.filter { $0.size > 0 }) {
        Likeness(size: $0.size, keyIDs: $0.keyIDs)
      }
    }
    let (older, newer) = (grouped(removed), grouped(added))
    self.removed = older.filter { newer[$0.key] != nil }
    self.added = newer.filter { older[$0.key] != nil }
  }

  /// The files of which somebody has to say what their bytes hash to: those whose size and people
  /// stand on both sides.
  var suspects: (removed: [Int], added: [Int]) {
    (removed.values.joined().map(\.id).sorted(), added.values.joined().map(\.id).sorted())
  }

  /// The new files that are old ones under another name, each with the old one's id: first those
  /// whose last part of the path is the same, then in the order of the ids.
  func renames(removed older: [Int: Digest], added newer: [Int: Digest]) -> [Int: Int] {
    var found: [Int: Int] = [:]
    for (likeness, files) in added {
      let (files, candidates) = (files.sorted { $0.id < $1.id }, removed[likeness, default: []])
      var byName = Dictionary(
        grouping: candidates.sorted { $0.id > $1.id },
        by: { Named(digest: older[$0.id], name: Self.name($0)) })
      var taken: Set<Int> = []
      for file in files {
        let named = Named(digest: newer[file.id], name: Self.name(file))
        guard named.digest != nil, let old = byName[named]?.popLast() else { continue }
        found[file.id] = old.id
        taken.insert(old.id)
      }
      var left = Dictionary(
        grouping: candidates.filter { !taken.contains($0.id) }.sorted { $0.id > $1.id },
        by: { older[$0.id] })
      for file in files where found[file.id] == nil {
        guard let digest = newer[file.id], let old = left[digest]?.popLast() else { continue }
        found[file.id] = old.id
      }
    }
    return found
  }

  private struct Named: Hashable {
    let digest: Digest?
    let name: ArraySlice<UInt8>
  }

  private static func name(_ file: File) -> ArraySlice<UInt8> {
    file.key[((file.key.lastIndex(of: UInt8(ascii: "/")) ?? -1) + 1)...]
  }
}
