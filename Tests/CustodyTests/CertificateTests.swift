import Custody
import CustodyStore
import CustodyTesting
import Foundation
import Testing

@Suite("A certificate of an erasure")
struct CertificateTests {
  private struct Place {
    let place: ErasurePlace
    let store: Store
    let request: EventID
    let text: String
    let key: VerifierKey

    init() async throws {
      place = try await ErasurePlace(fileSize: 5000)
      store = try place.open()
      try await store.subjects.register([ErasurePlace.person], dataClass: "voiceprint")
      let plan = try store.erasures.plan(
        [.identifier(ErasurePlace.person)], classes: ["default"], reason: .objection)
      request = try await store.erasures.run(plan).request
      text = try store.evidence.certificate(of: request)
      key = try store.verifierKey
    }

    /// What ours says of a text.
    func report(_ text: String) throws -> EvidenceReport {
      let path = place.path("certificate-\(UUID().uuidString)")
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      let file = try #require(try EvidenceFile.open(path))
      return try Store.verify(evidence: file, keys: [key])
    }
  }

  @Test("says what was done, to whoever has the verifier key alone")
  func holds() async throws {
    let place = try await Place()
    let report = try place.report(place.text)
    #expect(report.holds, "\(report.steps)")
    let erasure = try #require(report.erasure)
    #expect(erasure.request == place.request && erasure.reason == "objection")
    #expect(erasure.subjects.count == 1 && erasure.keptClasses == ["voiceprint"])
    #expect(erasure.keyCount == 2 && erasure.objectCount > 3 && erasure.remnantCount == 0)
    #expect(report.eventCount == 4)
  }

  @Test("holds also when the ledger has gone on, and one made later says the same")
  func later() async throws {
    let place = try await Place()
    for _ in 0..<5 {
      try await place.store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    }
    _ = try await place.store.checkpoint()
    #expect(try place.report(place.text).holds)
    let later = try place.store.evidence.certificate(of: place.request)
    #expect(later != place.text)
    #expect(try place.report(later).holds)
    let store = try place.place.open(.reading)
    #expect(try await store.verify().holds)
  }

  @Test("names nobody")
  func names() async throws {
    let place = try await Place()
    let contents = place.text.split(separator: "\n").compactMap { line -> String? in
      guard line.hasPrefix("content ") || line.hasPrefix("extra ") else { return nil }
      let bytes = Data(base64Encoded: String(line.split(separator: " ")[1]))
      return bytes.map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(contents.count == 8)
    for word in ErasurePlace.canaries + [place.place.temporary.folder] {
      #expect(!place.text.contains(word) && !contents.contains { $0.contains(word) }, "\(word)")
    }
  }

  @Test("is refused when anything in it is changed, missing, doubled or out of order")
  func tampered() async throws {
    let place = try await Place()
    let bytes = Array(place.text.utf8)
    var random = SeededGenerator(3)
    for _ in 0..<300 {
      var other = bytes
      let index = Int.random(in: 0..<bytes.count, using: &random)
      other[index] ^= [1, 2, 4, 8].randomElement(using: &random)!
      let text = String(decoding: other, as: UTF8.self)
      let refused = (try? place.report(text).holds) != true
      #expect(refused, "byte \(index)")
    }
    let first = "custody/disclosure@v1\n"
    let parts = place.text.components(separatedBy: first)
    #expect(parts.count == 5)
    for order in [
      [1, 2, 3], [2, 3, 4], [1, 3, 4], [1, 2, 4], [1, 3, 2, 4], [1, 2, 2, 3, 4], [1],
    ] {
      let text = ([parts[0]] + order.map { parts[$0] }).joined(separator: first)
      #expect(try !place.report(text).holds, "\(order)")
    }
    // Another erasure's events, each true by itself.
    let plan = try place.store.erasures.plan(
      [.identifier(ErasurePlace.other)], reason: .request)
    let second = try await place.store.erasures.run(plan).request
    let theirs = try place.store.evidence.certificate(of: second)
      .components(separatedBy: first)
    let ours = try place.store.evidence.certificate(of: place.request)
      .components(separatedBy: first)
    for index in 1...4 {
      var mixed = ours
      mixed[index] = theirs[index]
      #expect(try !place.report(mixed.joined(separator: first)).holds, "part \(index)")
    }
  }

  @Test("there is none of what was not erased, or not yet")
  func none() async throws {
    let place = try await Place()
    let evidence = place.store.evidence
    #expect(
      SmallStore.code { try evidence.certificate(of: EventID([UInt8](repeating: 9, count: 16))!) }
        == .notFound)
    let other = try await place.store.append(NewEvent(stream: "a", type: "b.c", content: [1]))
    #expect(SmallStore.code { try evidence.certificate(of: other.eventID) } == .notFound)
  }

  @Test("convinces the verifier on one page as well", .needsPageVerifier)
  func page() async throws {
    let place = try await Place()
    let path = place.place.path("certificate")
    func ask(_ text: String) async throws -> Bool {
      try Data(text.utf8).write(to: URL(fileURLWithPath: path))
      return try await PageVerifier.ask([path, "--vkey", "\(place.key)"]).holds
    }
    #expect(try await ask(place.text))
    var random = SeededGenerator(5)
    let bytes = Array(place.text.utf8)
    for _ in 0..<12 {
      var other = bytes
      other[Int.random(in: 0..<bytes.count, using: &random)] ^= 1
      #expect(try await !ask(String(decoding: other, as: UTF8.self)))
    }
    let first = "custody/disclosure@v1\n"
    let parts = place.text.components(separatedBy: first)
    for order in [[1, 2, 3], [2, 3, 4], [1, 3, 4], [1, 2, 4], [1, 3, 2, 4]] {
      #expect(
        try await !ask(([parts[0]] + order.map { parts[$0] }).joined(separator: first)), "\(order)")
    }
  }
}
