import Custody
import CustodyTesting
import Foundation
import Testing

@Suite("No registered identifier gets into a stream, a type or an actor")
struct NameRefusalTests {
  private static func store(_ identifiers: [String]) async throws -> (TemporaryStore, Store) {
    let temporary = try TemporaryStore()
    let store = try await temporary.create()
    try await store.subjects.register(identifiers)
    return (temporary, store)
  }

  private static func code(
    _ store: Store, stream: String = "a", type: String = "b.c", actor: String? = nil
  ) async -> CustodyError.Code? {
    do {
      try await store.append(NewEvent(stream: stream, type: type, actor: actor, content: []))
      return nil
    } catch {
      return (error as? CustodyError)?.code
    }
  }

  static let separators = ["/", ":", ".", "-", "_", "@", " "]

  @Test("alone, or as a part between any two separators")
  func separators() async throws {
    let (temporary, store) = try await Self.store(["Okonkwo", "patient-0017", "x.y@example.org"])
    defer { withExtendedLifetime(temporary) {} }
    for name in ["Okonkwo", "patient-0017", "x.y@example.org"] {
      #expect(await Self.code(store, stream: name) == .nameHoldsIdentifier)
      #expect(await Self.code(store, type: name) == .nameHoldsIdentifier)
      #expect(await Self.code(store, actor: name) == .nameHoldsIdentifier)
      for left in Self.separators {
        for right in Self.separators {
          let stream = "scan\(left)\(name)\(right)3"
          #expect(await Self.code(store, stream: stream) == .nameHoldsIdentifier, "\(stream)")
        }
        let start = "\(name)\(left)3"
        #expect(await Self.code(store, stream: start) == .nameHoldsIdentifier, "\(start)")
        let end = "3\(left)\(name)"
        #expect(await Self.code(store, stream: end) == .nameHoldsIdentifier, "\(end)")
      }
    }
    #expect(try store.head().size == 7, "nothing was appended")
  }

  @Test("a separator counts with a combining mark on it")
  func combiningMarks() async throws {
    let (temporary, store) = try await Self.store(["Okonkwo"])
    defer { withExtendedLifetime(temporary) {} }
    for stream in ["Okonkwo/\u{301}3", "scan\u{2F}\u{301}/Okonkwo:\u{308}x", "a.\u{301}-Okonkwo"] {
      #expect(await Self.code(store, stream: stream) == .nameHoldsIdentifier, "\(stream)")
    }
  }

  @Test("words within words and parts below four characters are left alone")
  func harmless() async throws {
    let (temporary, store) = try await Self.store(["Okonkwo", "ab1", "tom"])
    defer { withExtendedLifetime(temporary) {} }
    for stream in ["Okonkwos/1", "notOkonkwo", "Okon-kwo", "scan/ab1", "tom/3", "okonkwo/1"] {
      #expect(await Self.code(store, stream: stream) == nil, "\(stream)")
    }
    // A whole name is compared whatever its length.
    #expect(await Self.code(store, stream: "tom") == .nameHoldsIdentifier)
    #expect(await Self.code(store, actor: "ab1") == .nameHoldsIdentifier)
  }

  @Test("four characters are four of the reader's alphabet, however many bytes")
  func otherAlphabets() async throws {
    let (temporary, store) = try await Self.store(["सीता", "Жанна", "李小龍先", "ngũgĩ"])
    defer { withExtendedLifetime(temporary) {} }
    for stream in ["scan/सीता", "scan/Жанна/1", "李小龍先:3", "ngũgĩ.2"] {
      #expect(await Self.code(store, stream: stream) == .nameHoldsIdentifier, "\(stream)")
    }
  }

  @Test("a name that was used before a person of that name came is refused from then on")
  func laterRegistration() async throws {
    let (temporary, store) = try await Self.store(["Okonkwo"])
    let other = try temporary.open()
    #expect(await Self.code(store, stream: "scan/Achebe") == nil)
    #expect(await Self.code(other, stream: "scan/Achebe") == nil)
    try await store.subjects.register(["Achebe"])
    #expect(await Self.code(store, stream: "scan/Achebe") == .nameHoldsIdentifier)
    // The other process learns of it by itself.
    #expect(await Self.code(other, stream: "scan/Achebe") == .nameHoldsIdentifier)
  }

  @Test("spelling a known name with other code points does not get it past the check")
  func otherSpelling() async throws {
    let (temporary, store) = try await Self.store(["Okonkwo"])
    defer { withExtendedLifetime(temporary) {} }
    let composed = "scan/Jos\u{e9}"
    let decomposed = "scan/Jose\u{301}"
    #expect(await Self.code(store, stream: decomposed) == .invalidInput)
    #expect(await Self.code(store, stream: composed) == nil)
    // The same characters to Swift, other bytes to everyone else.
    #expect(await Self.code(store, stream: decomposed) == .invalidInput)
    try await store.subjects.register(["Jos\u{e9}"])
    #expect(await Self.code(store, stream: composed) == .nameHoldsIdentifier)
    #expect(await Self.code(store, stream: decomposed) != nil)
    // People are looked up by their bytes too, whoever was looked up before.
    func subject(_ name: String) async -> CustodyError.Code? {
      do {
        try await store.append(
          NewEvent(stream: "a", type: "b.c", subjects: [.identifier(name)], content: []))
        return nil
      } catch {
        return (error as? CustodyError)?.code
      }
    }
    #expect(await subject("Jose\u{301}") == .unknownSubject)
    #expect(await subject("Jos\u{e9}") == nil)
    #expect(await subject("Jose\u{301}") == .unknownSubject)
  }

  @Test("the library's own names are refused from callers")
  func reserved() async throws {
    let (temporary, store) = try await Self.store([])
    defer { withExtendedLifetime(temporary) {} }
    for type in ["ledger.created", "ledger.x", "key.created", "key.", "checkpoint.timestamped"] {
      #expect(await Self.code(store, type: type) == .invalidInput, "\(type)")
    }
    #expect(await Self.code(store, stream: "ledger") == .invalidInput)
    for type in ["ledgers.counted", "keys.x", "checkpoint.seen"] {
      #expect(await Self.code(store, type: type) == nil, "\(type)")
    }
    #expect(await Self.code(store, stream: "ledger/1") == nil)
  }

  @Test("what is no name is refused as input")
  func malformed() async throws {
    let (temporary, store) = try await Self.store([])
    defer { withExtendedLifetime(temporary) {} }
    let names = ["", "a\u{0}b", "a\nb", "a\u{85}b", String(repeating: "a", count: 513), "e\u{301}"]
    for name in names {
      #expect(await Self.code(store, stream: name) == .invalidInput)
      #expect(await Self.code(store, type: name) == .invalidInput)
      #expect(await Self.code(store, actor: name) == .invalidInput)
      await #expect(throws: CustodyError.self) { try await store.subjects.register([name]) }
    }
    #expect(await Self.code(store, stream: String(repeating: "é", count: 256)) == nil)
  }
}
