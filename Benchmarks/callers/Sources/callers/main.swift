// Appends single events from several tasks of one process and prints how long each waited.
//
//   callers STORE CALLERS EVENTS     EVENTS in all, 512-byte contents
//
// One line: callers, events, seconds, events/s, median and 99th percentile of the wait in ms.
import Custody
import Foundation

guard CommandLine.arguments.count == 4, let callers = Int(CommandLine.arguments[2]),
  let events = Int(CommandLine.arguments[3])
else {
  FileHandle.standardError.write(Data("usage: callers STORE CALLERS EVENTS\n".utf8))
  exit(2)
}
let store = try Store.open(at: CommandLine.arguments[1])
let content = Array(#"{"text":""#.utf8) + [UInt8](repeating: 0x61, count: 501) + Array(#""}"#.utf8)
let share = events / callers
let start = ProcessInfo.processInfo.systemUptime
let waits = try await withThrowingTaskGroup(of: [Double].self) { group in
  for caller in 0..<callers {
    group.addTask {
      var waits: [Double] = []
      for _ in 0..<share {
        let before = ProcessInfo.processInfo.systemUptime
        try await store.append(
          NewEvent(stream: "caller/\(getpid())/\(caller)", type: "wait.measured", content: content))
        waits.append(ProcessInfo.processInfo.systemUptime - before)
      }
      return waits
    }
  }
  var all: [Double] = []
  for try await waits in group { all += waits }
  return all.sorted()
}
let seconds = ProcessInfo.processInfo.systemUptime - start
try await store.close()
func milliseconds(_ part: Double) -> String {
  String(format: "%.3f", waits[min(waits.count - 1, Int(Double(waits.count) * part))] * 1000)
}
print(
  callers, waits.count, String(format: "%.3f", seconds), Int(Double(waits.count) / seconds),
  milliseconds(0.5), milliseconds(0.99))
