import CustodyStore
import Foundation

extension Store {
  /// The name of the machine; empty when it holds an identifier of a registered person.
  func hostName() throws -> String {
    var host = [CChar](repeating: 0, count: 256)
    gethostname(&host, host.count - 1)
    let name = String(
      decoding: host.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    return try folder.keyring?.holdsIdentifier(name) == true ? "" : name
  }
}
