import CustodyLedger
import Foundation
import Testing

@Suite(
  "The program age",
  .enabled(if: AgeProgram.isInstalled, "age is not installed: apt-get install age"))
struct AgeProgramTests {
  @Test("age opens what Custody seals", arguments: AgeFileTests.sizes)
  func opensOurs(size: Int) throws {
    let identity = try AgeIdentity.test(seed: 70)
    var random = AgeTestRandom(seed: UInt64(size))
    let plaintext = random.bytes(size)
    let file = try AgeFile.seal(
      plaintext, to: [try AgeIdentity.test(seed: 71).recipient, identity.recipient],
      random: AgeTestRandom.source(seed: 72))
    let outcome = try AgeProgram.open(file, with: identity)
    #expect(outcome.status == 0, "\(outcome.complaint)")
    #expect(outcome.output == plaintext)
  }

  @Test("Custody opens what age seals", arguments: AgeFileTests.sizes)
  func opensTheirs(size: Int) throws {
    let identities = [try AgeIdentity.test(seed: 73), try AgeIdentity.test(seed: 74)]
    var random = AgeTestRandom(seed: UInt64(size))
    let plaintext = random.bytes(size)
    let file = try AgeProgram.seal(plaintext, to: identities.map(\.recipient))
    for identity in identities { #expect(try AgeFile.open(file, with: identity) == plaintext) }
  }

  @Test("age-keygen and Custody agree on the recipient of an identity")
  func keys() throws {
    let made = try AgeProgram.keygen([])
    let lines = String(decoding: made.output, as: UTF8.self).split(separator: "\n")
    let theirs = try AgeIdentity(String(try #require(lines.last)))
    #expect(lines.contains { $0.hasSuffix(theirs.recipient.description) })

    let ours = try AgeIdentity.test(seed: 75)
    let outcome = try AgeProgram.withFolder { folder in
      let key = folder.appendingPathComponent("key")
      try Data((ours.secretText + "\n").utf8).write(to: key)
      return try AgeProgram.keygen(["-y", key.path])
    }
    #expect(outcome.output == Array((ours.recipient.description + "\n").utf8))
  }

  @Test(
    "age refuses the headers that Custody refuses",
    arguments: try AgeBadHeader.all().filter {
      !AgeBadHeader.isOpenedByAge.contains($0.testDescription)
    })
  func refuses(header: AgeBadHeader) throws {
    let identity = try AgeForgery().identity
    let outcome = try AgeProgram.open(header.file, with: identity)
    #expect(outcome.status != 0)
  }
}
