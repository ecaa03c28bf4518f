/// A step of the pipeline: a word of the command line.
struct Step: Sendable {
  /// `segment`.
  let name: String
  let help: String
  let options: [Option]
  let run: @Sendable (Arguments) throws -> Void

  var usage: String {
    var lines = ["voice \(name)", "  \(help)", ""]
    let width = options.map { $0.name.count + $0.value.count }.max() ?? 0
    for option in options {
      let gap = String(repeating: " ", count: width - option.name.count - option.value.count)
      let usual = option.usual.map { " [\($0)]" } ?? (option.isOptional ? " [none]" : "")
      lines.append("  \(option.name) \(option.value)\(gap)  \(option.help)\(usual)")
    }
    return lines.joined(separator: "\n")
  }
}
