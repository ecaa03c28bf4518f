import CustodyLedger
import Foundation
import GRDB

extension Row {
  /// A column of fixed length; GRDB's own subscripts end the program on a row that was tampered
  /// with.
  func bytes<T: FixedBytes>(_ index: Int) throws -> T {
    guard let value = T(try decode(Data.self, atIndex: index)) else {
      throw CustodyError(
        .damaged, "A row of the store is not as Custody writes it: changed or damaged.")
    }
    return value
  }
}
