// Asks a store from within a program that stays, and prints how long each question waited.
//
//   queries events STORE             catching up on one new event, two hundred times
//   queries proofs STORE FILE VKEY   a proof for one of all events, checking the one in FILE
//   queries lineage STORE SIZE…      everything downstream of a dataset that leads to about so many
//                                    nodes, as of now and as of half of the time
//   queries records STORE DATASET VERSIONS KEY…
//                                    the bytes of records as of now and as of each version
//
// One line for each kind of question: its name, median and 99th percentile of the wait in ms.
import Custody
import Foundation

func fail(_ message: String) -> Never {
  FileHandle.standardError.write(Data("\(message)\n".utf8))
  exit(2)
}

func now() -> Double { ProcessInfo.processInfo.systemUptime }

func say(_ name: String, _ waits: [Double]) {
  let sorted = waits.sorted()
  func part(_ part: Double) -> String {
    let wait = sorted[min(sorted.count - 1, Int(Double(sorted.count) * part))]
    return String(format: "%.4f", wait * 1000)
  }
  print(name, part(0.5), part(0.99))
}

let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 2 else { fail("usage: queries events|proofs|records STORE …") }

switch arguments[0] {
case "lineage":
  let store = try Store.open(at: arguments[1], for: .contents)
  let began = now()
  let snapshot = try store.lineage.snapshot(.run)
  print("graph", snapshot.nodeCount, snapshot.edgeCount, String(format: "%.3f", now() - began))
  for wanted in arguments.dropFirst(2).compactMap(Int.init) {
    // The later a dataset was written, the less came of it.
    var (low, high) = (0, 199_999)
    var best: (miss: Int, name: String, start: [Int32]) = (.max, "", [])
    while low <= high {
      let middle = (low + high) / 2
      let name = "dataset:d\(middle)"
      let start = try store.lineage.numbers(of: name, in: snapshot)
      let count = snapshot.reach(from: start, .downstream).nodes.count
      if abs(count - wanted) < best.miss { best = (abs(count - wanted), name, start) }
      if count > wanted { low = middle + 1 } else { high = middle - 1 }
    }
    let half = Timestamp("2026-01-01T00:00:00Z")!.microseconds + 150_000 * 1_000_000
    for time in [nil, Timestamp(microseconds: half)] {
      var (waits, count): ([Double], Int) = ([], 0)
      for _ in 0..<50 {
        let before = now()
        count = snapshot.reach(from: best.start, .downstream, when: time).nodes.count
        waits.append(now() - before)
      }
      say("\(best.name) \(count) \(time == nil ? "now" : "when")", waits)
    }
  }
case "events":
  let store = try Store.open(at: arguments[1])
  try await store.projections.catchUp()
  var waits: [Double] = []
  for index in 0..<200 {
    try await store.append(
      NewEvent(stream: "caller/\(getpid())", type: "wait.measured", content: Array("\(index)".utf8))
    )
    let start = now()
    try await store.projections.catchUp()
    waits.append(now() - start)
  }
  say("catch-up", waits)
  try await store.close()
case "proofs":
  guard arguments.count == 4 else { fail("usage: queries proofs STORE FILE VKEY") }
  let store = try Store.open(at: arguments[1], for: .reading)
  let size = try store.head().size
  var (proving, checking): ([Double], [Double]) = ([], [])
  let key = try VerifierKey(arguments[3])
  for index in 0..<200 {
    let position = Position(index * 7_919_777 % size)
    var start = now()
    _ = try store.evidence.proof(of: position)
    proving.append(now() - start)
    start = now()
    guard let file = try EvidenceFile.open(arguments[2]),
      try Store.verify(evidence: file, keys: [key]).holds
    else {
      fail("the proof does not hold")
    }
    checking.append(now() - start)
  }
  say("prove", proving)
  say("check", checking)

case "records":
  guard arguments.count > 4, let versions = Int(arguments[3]) else {
    fail("records STORE DATASET VERSIONS KEY…")
  }
  let store = try Store.open(at: arguments[1], for: .contents)
  let keys = arguments[4...]
  func ask(_ reference: String) throws -> [Double] {
    try keys.map { key in
      let start = now()
      var count = 0
      try store.datasets.content(of: arguments[2], reference, key: key) { count += $0.count }
      guard count > 0 else { fail("an empty record") }
      return now() - start
    }
  }
  // The first question opens files and fills caches.
  for reference in ["head"] + (1...versions).map({ "v\($0)" }) { _ = try ask(reference) }
  say("now", try ask("head"))
  for version in 1...versions { say("v\(version)", try ask("v\(version)")) }
default: fail("unknown: \(arguments[0])")
}
