import CustodyStore

extension Array {
  /// Runs of elements, as many as one commit takes.
  var batches: [[Element]] {
    stride(from: 0, to: count, by: Limits.batchCountMax).map {
      Array(self[$0..<Swift.min($0 + Limits.batchCountMax, count)])
    }
  }
}
