import CustodyLedger
import CustodyTesting
import Foundation
import Testing

/// `Examples/format-examples.json`, made by `Tools/make-format-examples.py`.
@Suite("The project's own examples of the format are reproduced, and its bad ones refused")
struct ExamplesTests {
  let file: FormatFile

  init() throws {
    let path = "Examples/format-examples.json"
    let url = URL(filePath: #filePath).deletingLastPathComponent().appending(path: path)
    file = try Vectors.decode(FormatFile.self, at: url)
  }

  @Test("joint keys") func jointKeys() { file.checkJointKeys() }

  @Test("XAES-256-GCM, with the key of each message") func ciphers() { file.checkCiphers() }

  @Test("claims, bodies, commitments, headers and leaves of 15 events")
  func events() throws {
    #expect(file.events.count == 15)
    try file.checkEvents()
  }

  @Test("every body opens to its content") func opening() throws { try file.checkOpening() }

  @Test("every event that explains is read and written back, and what it says holds")
  func systemEvents() throws { try file.checkSystemEvents() }

  @Test("objects, their addresses and contents") func objects() throws { try file.checkObjects() }

  @Test("a record in pieces") func pieces() throws { try file.checkPieces() }

  @Test("a dataset version's root") func versionRoot() { file.checkVersionRoot() }

  @Test("16 checkpoints, their notes and cosignatures")
  func checkpoints() throws {
    #expect(file.checkpoints.count == 16)
    try file.checkCheckpoints()
  }

  @Test("inclusion paths and proof files") func inclusion() throws { try file.checkInclusion() }

  @Test("120 consistency proofs and the files of those that lead to the head")
  func consistency() throws {
    #expect(file.consistency.count == 120)
    #expect(file.consistency.compactMap(\.file).count == 15)
    try file.checkConsistency()
  }

  // MARK: What must be refused

  @Test("notes")
  func refusedNotes() throws {
    let other = try #require(Origin("other.example/0198c4a1-c800-7abc-9def-0123456789ab/2"))
    #expect(
      try file.checkRefusedNotes() == [
        "no signature": .note(.noSignatures),
        "signed by another key under the ledger's name": .notSigned,
        "a signature of another size": .wrongSignature,
        "another ledger": .unknownLedger(other),
        "an origin without incarnation": .checkpoint(.origin),
        "incarnation 0": .checkpoint(.origin),
        "an origin with a UUID in upper case": .checkpoint(.origin),
        "a size with a leading zero": .checkpoint(.size),
        "a size with a sign": .checkpoint(.size),
        "a size of 64 bits": .checkpoint(.size),
        "a root of 33 bytes": .checkpoint(.root),
        "a root in base64 that is not canonical": .checkpoint(.root),
        "an extension line": .checkpoint(.extensionLines),
        "a blank line inside the text": .checkpoint(.extensionLines),
        "a tab": .note(.controlCharacter),
        "no newline at the end": .note(.malformedSignature),
        "a signature line with a hyphen": .note(.malformedSignature),
        "a signature in base64 without its padding": .note(.malformedSignature),
      ])
  }

  @Test("contents of events that explain")
  func refusedSystemContent() {
    #expect(file.refuse.systemContent.values.map(\.count).reduce(0, +) == 51)
    file.checkRefusedSystemContent()
  }

  @Test("bodies")
  func refusedBodies() {
    #expect(
      file.checkRefusedOpening() == [
        "a flipped bit in the text": .notAuthentic,
        "a flipped bit in the tag": .notAuthentic,
        "another key": .notAuthentic,
        "the claim of another event": .notAuthentic,
        "another nonce": .notAuthentic,
        "another salt": .commitment,
        "another content": .commitment,
        "no 0x80": .padding,
        "a block of padding too many": .padding,
        "a length that is no multiple of 64": .padding,
        "no body": .padding,
        "a byte after the stream": .compression,
        "a stream without its end": .compression,
        "no stream": .compression,
      ])
  }

  @Test("strings") func refusedStrings() { file.checkRefusedStrings() }

  @Test("headers")
  func refusedHeaders() throws {
    var faults: [String: HeaderError] = [:]
    for sample in try #require(file.refuse.headers) {
      do {
        _ = try Header(parsing: sample.bytes.bytes)
        Issue.record("accepted: \(sample.why)")
      } catch {
        faults[sample.why] = error
      }
    }
    #expect(
      faults == [
        "empty": .truncated,
        "another magic": .notAnEvent,
        "version 2": .unknownVersion,
        "reserved flag": .claim(.reservedFlag),
        "compressed without a key": .claim(.reservedFlag),
        "event id of zeros": .claim(.zeroEventID),
        "empty stream": .name(.empty),
        "control character in the stream": .name(.controlCharacter),
        "stream that is not UTF-8": .name(.notUTF8),
        "keys not ascending": .claim(.keysNotAscending),
        "the same key twice": .claim(.keysNotAscending),
        "nine keys": .claim(.tooManyKeys(9)),
        "nonce without a key": .claim(.nonceAndKeysDisagree),
        "key without a nonce": .claim(.nonceAndKeysDisagree),
        "position of 64 bits": .numberTooLarge,
        "one byte short": .truncated,
        "one byte more": .trailingBytes,
      ])
  }

  @Test("objects")
  func refusedObjects() throws {
    var faults: [String: SealedObjectError] = [:]
    for sample in try #require(file.refuse.objects) {
      do {
        _ = try SealedObject(parsing: sample.bytes.bytes)
        Issue.record("accepted: \(sample.why)")
      } catch {
        faults[sample.why] = error
      }
    }
    #expect(
      faults == [
        "another magic": .notAnObject,
        "version 2": .unknownVersion,
        "reserved flag": .malformed,
        "no key": .malformed,
        "keys not ascending": .malformed,
        "header cut off": .truncated,
      ])
  }

  @Test("proofs")
  func refusedProofs() throws {
    let verifier = try VerifierKey(file.verifierKey)
    var faults: [String: ProofFileError] = [:]
    for sample in try #require(file.refuse.proofs) {
      do {
        _ = try ProofFile(parsing: sample.proof).verify(keys: [verifier])
        Issue.record("accepted: \(sample.why)")
      } catch {
        faults[sample.why] = error
      }
    }
    #expect(
      faults == [
        "another first line": .notAProof,
        "no header": .extra,
        "the header of another event": .anotherEvent,
        "another index": .anotherEvent,
        "an index with a leading zero": .index,
        "a changed header": .notIncluded,
        "a hash too few": .notIncluded,
        "a hash too many": .notIncluded,
        "the path of another event": .notIncluded,
        "the checkpoint of another size": .notIncluded,
        "the header of another ledger": .anotherEvent,
        "an unsigned checkpoint": .checkpoint(.note(.noSignatures)),
      ])
  }

  @Test("contents of records")
  func refusedRecordContents() throws {
    let samples = try #require(file.refuse.recordContents)
    #expect(samples.count == 7)
    for sample in samples {
      #expect(
        RecordContent(parsing: sample.content.bytes, isList: sample.isList) == nil, "\(sample.why)")
    }
  }
}
