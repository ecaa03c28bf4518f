import COpenSSL

/// A call of libcrypto that failed for a reason other than its input: no memory, no provider.
///
/// Wrong tags, wrong signatures and malformed keys are refusals and have errors of their own; this
/// one is a fault of the surroundings.
public struct OpenSSLError: Error, Equatable, CustomStringConvertible {
  /// The function that failed.
  public let function: String
  /// libcrypto's packed error code, 0 when it gave none.
  public let code: UInt

  init(_ function: String) {
    self.function = function
    code = ERR_get_error()
    ERR_clear_error()
  }

  /// The function and the code, which `openssl errstr` explains when it is given in hexadecimal.
  public var description: String { "\(function) failed (libcrypto error \(code))" }
}

/// Stops the program when libcrypto cannot do what it can always do.
///
/// Hashing and setting up a context fail only when memory or the provider is gone; nothing after
/// that could be trusted.
@inline(__always)
func mustSucceed(_ result: Int32, _ function: StaticString) {
  if result != 1 { fatalError("\(OpenSSLError("\(function)"))") }
}
