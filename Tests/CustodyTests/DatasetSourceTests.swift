import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("What is committed is looked at before anything of it is taken")
struct DatasetSourceTests {
  /// Commits what cannot be, and returns why.
  private static func refusal(
    _ place: DatasetPlace, _ name: String, _ path: String, subjectFile: String? = nil,
    registersUnknown: Bool = true
  ) async throws -> CustodyError? {
    let size = try place.store.head().size
    let people = try place.store.subjects.count()
    let error = await #expect(throws: CustodyError.self, "\(path)") {
      try await place.datasets.commit(
        name, path, subjectFile: subjectFile, registersUnknown: registersUnknown)
    }
    #expect(try place.store.head().size == size)
    #expect(try place.store.subjects.count() == people)
    return error
  }

  // MARK: - What is no source

  @Test("the store, its secrets and its guard are refused by name, whatever path leads to them")
  func ownFolders() async throws {
    let place = try await DatasetPlace()
    let datasets = place.datasets
    let own = [place.temporary.path, place.temporary.secrets, place.temporary.guardFolder]
    try place.write("\(place.source)/a.wav", "one")
    try await datasets.create("files", kind: .files, subject: "none")
    for folder in own {
      let name = (folder as NSString).lastPathComponent
      for path in [folder, "\(place.source)/../\(name)"] {
        let error = try await Self.refusal(place, "files", path)
        #expect(error?.code == .invalidInput)
        #expect(error?.description.contains("\(path) holds") == true, "\(error as Any)")
      }
    }
    let error = try await Self.refusal(place, "files", place.temporary.folder)
    #expect(error?.code == .invalidInput)
    let said = error?.description ?? ""
    #expect(own.contains { said.contains("\($0) holds") }, "\(said)")
    #expect(try await datasets.commit("files", place.source).records == 1)
  }

  @Test("a link, a pipe or a device is refused by name, whatever it was to be")
  func noFiles() async throws {
    let place = try await DatasetPlace()
    let datasets = place.datasets
    try place.write("\(place.source)/a.wav", "one")
    try place.write(place.target("real.csv"), "key,subject\na.wav,p-0001\n")
    let (link, pipe, folder) = (
      place.target("link.csv"), place.target("pipe.csv"), place.target("link")
    )
    #expect(symlink(place.target("real.csv"), link) == 0)
    #expect(symlink(place.source, folder) == 0)
    #expect(mkfifo(pipe, 0o600) == 0)
    try await datasets.create("table", kind: .csv, subject: "none")
    try await datasets.create("mapped", kind: .files, subject: "file:")
    try await datasets.create("files", kind: .files, subject: "none")
    for (path, what) in [(link, "a symbolic link"), (pipe, "a pipe"), ("/dev/null", "a device")] {
      let errors = [
        try await Self.refusal(place, "table", path), try await Self.refusal(place, "files", path),
        try await Self.refusal(place, "mapped", place.source, subjectFile: path),
      ]
      for error in errors {
        #expect(error?.code == .invalidInput)
        #expect(error?.description.contains("\(path) is \(what)") == true, "\(error as Any)")
      }
    }
    for path in [folder, "\(folder)/"] {
      let error = try await Self.refusal(place, "files", path)
      #expect(error?.code == .invalidInput)
      #expect(error?.description.contains("\(path) is a symbolic link") == true)
    }
  }

  @Test(
    "names that are one on other systems are refused, also of folders, and in any spelling",
    arguments: [
      ["a", "A"], ["A", "a/y"], ["A/x", "a/y"], ["x/A/y/1", "x/a/z/2"], ["Straße", "STRASSE"],
      ["x/Straße/1", "x/STRASSE/2"], ["ΟΔΟΣ", "οδος/1"], ["u\u{308}/1", "\u{fc}/2"],
      ["\u{dc}", "u\u{308}"],
    ])
  func collisions(names: [String]) async throws {
    let place = try await DatasetPlace()
    for name in names { try place.write("\(place.source)/\(name)", "one") }
    try await place.datasets.create("files", kind: .files, subject: "none")
    let error = try await Self.refusal(place, "files", place.source)
    #expect(error?.code == .invalidInput)
    #expect(error?.description.contains("case or Unicode form") == true, "\(error as Any)")
  }

  @Test("names that differ otherwise are not")
  func noCollisions() async throws {
    let place = try await DatasetPlace()
    for name in ["a/b/1", "a/b/2", "a/c/1", "a-b/1", "ab", "b/a/b/1", "ä/1", "b/ä/1", "Ä2", "ss"] {
      try place.write("\(place.source)/\(name)", "one")
    }
    try await place.datasets.create("files", kind: .files, subject: "none")
    #expect(try await place.datasets.commit("files", place.source).records == 10)
  }

  // MARK: - People

  @Test(
    "an identifier that cannot be one is refused with its line, whatever stands before it",
    arguments: [
      ("jos\u{e9}", "jose\u{301}", 3, "normalization form C"),
      ("jose\u{301}", "jos\u{e9}", 2, "normalization form C"),
      ("Kim", "\u{212a}im", 3, "normalization form C"),
      ("\u{212a}im", "Kim", 2, "normalization form C"), ("joe", "jo\u{7}e", 3, "control character"),
      ("joe", String(repeating: "jo", count: 257), 3, "514 bytes"),
    ] as [(String, String, Int, String)])
  func badIdentifiers(first: String, second: String, line: Int, says: String) async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("table", kind: .csv, key: "id", subject: "client")
    try place.write(place.source, "id,client\n1,\(first)\n2,\(second)\n3,\(first)\n")
    let error = try await Self.refusal(place, "table", place.source)
    #expect(error?.code == .invalidInput)
    #expect(error?.location == CustodyError.Location(file: place.source, line: line))
    #expect(error?.message.contains(says) == true, "\(error as Any)")
    for hidden in ["jo", "Kim", "\u{212a}"] {
      #expect(error?.message.contains(hidden) == false, "\(error as Any)")
    }
  }

  @Test("an identifier in a path is not said where the path is")
  func identifierInPath() async throws {
    let place = try await DatasetPlace()
    try place.write("\(place.source)/x/jose\u{301}/a.wav", "one")
    try await place.datasets.create("files", kind: .files, subject: "path:^x/([^/]+)/")
    let error = try await Self.refusal(place, "files", place.source)
    #expect(error?.code == .invalidInput)
    #expect(error?.location == CustodyError.Location(file: "\(place.source)/x/…/a.wav"))
    #expect(error?.description.contains("jos") == false)
  }

  @Test("where people are not to be registered, the first who would be is pointed at")
  func unknown() async throws {
    let place = try await DatasetPlace()
    try await place.table("id,client\n1,p-0001\n")
    try place.write(place.source, "id,client\n1,p-0001\n2,p-0002\n3,p-0003\n")
    let error = try await Self.refusal(place, "table", place.source, registersUnknown: false)
    #expect(error?.code == .unknownSubject)
    #expect(error?.location == CustodyError.Location(file: place.source, line: 3))
    #expect(error?.description.contains("p-0002") == false)
  }

  // MARK: - What changes meanwhile

  /// What somebody does to a file while it is committed.
  enum Meddling: CaseIterable, Sendable {
    case growing, shortening, rewriting, exchanging

    /// - Parameter other: another file of the same size and time.
    func apply(to path: String, _ other: String) {
      switch self {
      case .growing: overwrite(path, O_WRONLY | O_APPEND)
      case .shortening: truncate(path, 10)
      case .rewriting: overwrite(path, O_WRONLY)
      case .exchanging: rename(other, path)
      }
    }

    private func overwrite(_ path: String, _ flags: Int32) {
      let file = open(path, flags)
      _ = Foundation.write(file, "x", 1)
      close(file)
    }
  }

  /// Writes a file of another time than now.
  private static func write(_ place: DatasetPlace, _ path: String, _ bytes: [UInt8]) throws {
    try place.write(path, bytes)
    try FileManager.default.setAttributes(
      [.modificationDate: Date(timeIntervalSince1970: 1_000_000_000)], ofItemAtPath: path)
  }

  @Test(
    "a file that is another when it is sealed than when it was found is named",
    arguments: Meddling.allCases)
  func changedFile(meddling: Meddling) async throws {
    let place = try await DatasetPlace()
    // Three batches of 8 MiB: the last is read when the first has been sealed.
    for number in 0..<24 {
      let bytes = [UInt8](repeating: UInt8(number), count: 1 << 20)
      try Self.write(place, "\(place.source)/\(number + 10)", bytes)
    }
    let (path, other) = ("\(place.source)/33", place.target("other"))
    try Self.write(place, other, [UInt8](repeating: 99, count: 1 << 20))
    try await place.datasets.create("files", kind: .files, subject: "none")
    let size = try place.store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.commit("files", place.source) { _, _ in
        meddling.apply(to: path, other)
      }
    }
    #expect(error?.code == .invalidInput)
    #expect(error?.message.hasPrefix("\(path) changed while it was read") == true)
    #expect(try place.store.head().size == size)
    #expect(try await place.datasets.commit("files", place.source).version == 1)
  }

  @Test(
    "a table that changes while it is sealed is named",
    arguments: [Meddling.growing, .shortening, .rewriting])
  func changedTable(meddling: Meddling) async throws {
    let place = try await DatasetPlace()
    let path = place.source
    // Two batches: the file is looked at again when the first has been sealed.
    let text = String(repeating: "text ", count: 200)
    let rows = (0..<5500).map { "\($0),\(text)\n" }.joined()
    try Self.write(place, path, Array("id,text\n\(rows)".utf8))
    try await place.datasets.create("table", kind: .csv, key: "id", subject: "none")
    let size = try place.store.head().size
    let error = await #expect(throws: CustodyError.self) {
      try await place.datasets.commit("table", path) { _, _ in
        meddling.apply(to: path, "")
      }
    }
    #expect(error?.code == .invalidInput)
    #expect(error?.message.hasPrefix("\(path) changed while it was read") == true)
    #expect(try place.store.head().size == size)
  }

  // MARK: - Making a dataset

  @Test("a dataset is not made with a rule or a name that can never be met")
  func creation() async throws {
    let place = try await DatasetPlace()
    let size = try place.store.head().size
    for (kind, key, subject, says) in [
      (.lines, nil, "json:", "name a member"), (.lines, nil, "json:.", "name a member"),
      (.lines, "", "none", "needs a member"), (.lines, ".", "none", "needs a member"),
      (.csv, "#0", "none", "from #1 on"), (.csv, "#00", "none", "from #1 on"),
      (.csv, "", "none", "name of a column"), (.csv, nil, "#0", "from #1 on"),
      (.csv, nil, "", "name of a column"), (.files, "id", "none", "--key is for tables"),
    ] as [(Datasets.Kind, String?, String, String)] {
      let error = await #expect(throws: CustodyError.self) {
        try await place.datasets.create("x", kind: kind, key: key, subject: subject)
      }
      #expect(error?.code == .usage)
      #expect(error?.message.contains(says) == true, "\(error as Any)")
    }
    for (dataClass, owner, tags, code) in [
      ("", nil, [], .invalidInput), ("study\n", nil, [], .invalidInput), ("study", "", [], .usage),
      ("study", nil, ["a", ""], .usage),
    ] as [(String, String?, [String], CustodyError.Code)] {
      let error = await #expect(throws: CustodyError.self) {
        try await place.datasets.create(
          "x", kind: .files, subject: "none", dataClass: dataClass, owner: owner, tags: tags)
      }
      #expect(error?.code == code, "\(error as Any)")
    }
    #expect(try place.store.head().size == size)
    try await place.datasets.create("x", kind: .csv, key: "#10", subject: "#1")
  }

  @Test("a tag that only looks like a number of a version is a tag")
  func tags() async throws {
    let place = try await DatasetPlace()
    try await place.datasets.create("table", kind: .csv, subject: "none")
    for text in ["a\n1\n", "a\n2\n", "a\n3\n"] { try await place.commit("table", text) }
    for reference in ["v+1", "v-1", "+2"] {
      let error = #expect(throws: CustodyError.self) {
        try place.datasets.version("table", reference)
      }
      #expect(error?.code == .notFound)
    }
    for tag in ["v+1", "+2"] {
      try await place.datasets.tag("table", "v3", as: tag)
      #expect(try place.datasets.version("table", tag).number == 3)
    }
    #expect(try place.datasets.version("table", "v1").number == 1)
  }
}
