import CustodyTesting
import Foundation
import Testing

@Suite("append --receipts")
struct ReceiptTests {
  private let options = ["append", "--stream", "s", "--type", "a.b", "--receipts"]

  @Test("goes wherever bytes can go", arguments: ["/dev/null", "/dev/stderr"])
  func specialFiles(path: String) async throws {
    let folder = try await CommandFolder.withStore()
    try await folder.run(options + [path], input: .text("1\n2\n")).succeeded()
    #expect(try await folder.size() == 6)
  }

  @Test("on a full disk says what stands in the ledger and how to go on", arguments: [true, false])
  func fullDisk(isIdempotent: Bool) async throws {
    let folder = try await CommandFolder.withStore()
    try folder.write("lines", String(repeating: "1\n", count: 5000))
    let flags = isIdempotent ? ["--idempotent"] : []
    let result = try await folder.run(options + ["/dev/full"] + flags + ["lines"])
    expect(
      result,
      Refusal(
        status: 7,
        says: ["written to /dev/full", isIdempotent ? "Repeat the same" : "do not append them"]))
    #expect(!result.complaint.contains("line "), "no line of the input is at fault: \(result)")
    let size = try await folder.size()
    #expect(result.text.hasPrefix("appended \(size - 4) events"), "\(result)")
    if isIdempotent {
      // What the sentence promises.
      try await folder.run(options + ["receipts", "--idempotent", "lines"]).succeeded()
      #expect(try await folder.size() == 5004)
      #expect(try folder.objects(in: "receipts").count == 5000)
    }
    #expect(try await folder.run("verify", "--level", "contents").status == 0)
  }

  @Test("has a receipt for each event that stands there when the input fails midway")
  func brokenInput() async throws {
    let folder = try await CommandFolder.withStore()
    let text = String(repeating: "1\n", count: 3500) + "{\n"
    let result = try await folder.run(options + ["receipts"], input: .text(text))
    #expect(result.status == 6)
    let size = try await folder.size()
    #expect(size > 4)
    #expect(try folder.objects(in: "receipts").count == size - 4, "\(result)")
  }
}
