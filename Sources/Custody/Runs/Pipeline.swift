import CustodyModel
import CustodyStore
import Yams

/// Steps that feed each other through datasets, as a YAML file says.
///
/// ```yaml
/// steps:
///   - job: clean
///     in: answers
///     out: cleaned
///     key: id
///     param: {language: en}
///     code: clean.py
///     command: ./clean.py --language {param:language} {in:answers} {out:cleaned}
/// ```
public struct Pipeline: Sendable {
  /// A step, and where in the file it stands.
  struct Placed: Sendable {
    var step: RunStep
    let line: Int
    let column: Int
    /// Where each input stands.
    let inputPlaces: [(line: Int, column: Int)]
  }

  /// The file, as it was named.
  public let file: String
  /// The folder of the file: commands run there, and paths are below it.
  public let folder: String
  /// The steps, each after those that write what it reads.
  public var steps: [RunStep] { placed.map(\.step) }

  private(set) var placed: [Placed]

  /// Reads a file.
  ///
  /// - Throws: `invalidInput` with line and column for what is no pipeline: an unknown word, a step
  ///   without job or command, two steps of one name, two steps that write one dataset, a cycle.
  public init(reading file: String) throws {
    self.file = file
    let path = Store.absolute(file)
    folder = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
    let bytes = try FileIO.read(path)
    guard bytes.count <= 1 << 20, let text = String(validating: bytes, as: UTF8.self) else {
      throw CustodyError(
        .invalidInput, "A pipeline is UTF-8 text of at most 1 MiB.", at: .init(file: file))
    }
    placed = try PipelineFile(file).steps(text)
    try order()
  }

  /// Gives parameters other values.
  ///
  /// - Throws: `usage` for one that no step has.
  public mutating func set(_ parameters: [(name: String, value: String)]) throws {
    for (name, value) in parameters {
      var isKnown = false
      for index in placed.indices {
        for place in placed[index].step.parameters.indices
        where placed[index].step.parameters[place].name == name {
          placed[index].step.parameters[place].value = value
          isKnown = true
        }
      }
      guard isKnown else {
        throw CustodyError(.usage, "No step of \(file) has a parameter \(name).")
      }
    }
  }

  /// Puts each step after those that write what it reads, and else keeps the order of the file.
  private mutating func order() throws {
    var writers: [String: Int] = [:]
    for (index, placed) in placed.enumerated() {
      for output in placed.step.outputs {
        guard writers.updateValue(index, forKey: output.dataset) == nil else {
          throw fault(placed, "Two steps write \(output.dataset).")
        }
      }
    }
    var ordered: [Placed] = []
    var state = Array(repeating: 0, count: placed.count)
    func visit(_ index: Int, _ path: [String]) throws {
      guard state[index] < 2 else { return }
      let path = path + [placed[index].step.job]
      guard state[index] == 0 else {
        let cycle = path[path.firstIndex(of: path.last!)!...]
        throw fault(
          placed[index], "The steps feed each other in a circle: \(cycle.joined(separator: ", ")).")
      }
      state[index] = 1
      for input in placed[index].step.inputs {
        if let writer = writers[input.dataset] { try visit(writer, path) }
      }
      state[index] = 2
      ordered.append(placed[index])
    }
    for index in placed.indices { try visit(index, []) }
    placed = ordered
  }

  func fault(_ placed: Placed, _ message: String) -> CustodyError {
    CustodyError(
      .invalidInput, message, at: .init(file: file, line: placed.line, column: placed.column))
  }
}

/// Reads the YAML of a pipeline.
private struct PipelineFile {
  private let file: String

  init(_ file: String) { self.file = file }

  private static let words: Set<String> = [
    "job", "in", "out", "command", "param", "purpose", "ground", "env", "tool", "code", "subject",
    "derivations", "key",
  ]

  func steps(_ text: String) throws -> [Pipeline.Placed] {
    let root: Node?
    do {
      root = try Yams.compose(yaml: text)
    } catch let error as YamlError {
      throw Self.error(error, file)
    }
    guard let root, let mapping = root.mapping else {
      throw fault(root, "A pipeline begins with steps:")
    }
    for (name, _) in mapping where name.string != "steps" {
      throw fault(name, "\(name.string ?? "This") is not known here; a pipeline has steps: alone.")
    }
    guard let list = mapping["steps"]?.sequence, !list.isEmpty else {
      throw fault(root, "There are no steps: name at least one.")
    }
    var seen: Set<String> = []
    return try list.map { node in
      let placed = try step(node)
      guard seen.insert(placed.step.job).inserted else {
        throw fault(node, "Two steps have the name \(placed.step.job).")
      }
      return placed
    }
  }

  private func step(_ node: Node) throws -> Pipeline.Placed {
    guard let mapping = node.mapping else { throw fault(node, "A step has a job: and a command:") }
    for (name, _) in mapping where !Self.words.contains(name.string ?? "") {
      throw fault(
        name,
        "\(name.string ?? "This") is not known in a step; known are "
          + Self.words.sorted().joined(separator: ", ") + ".")
    }
    guard let job = try mapping["job"].map(text), let command = mapping["command"] else {
      throw fault(node, "A step has a job: and a command:")
    }
    // A text is a line for the shell; a list is taken as it is.
    var step = RunStep(
      job: job,
      command: try command.sequence.map { try $0.map(text) } ?? ["sh", "-c", text(command)])
    step.isShellLine = command.sequence == nil
    let inputs = try texts(mapping["in"])
    step.inputs = try inputs.map { node, text in
      guard let input = RunStep.Input(parsing: text) else {
        throw fault(node, "An input is DATASET, DATASET@REF or DATASET@REF=PATH.")
      }
      return input
    }
    step.outputs = try texts(mapping["out"]).map { node, text in
      guard let output = RunStep.Output(parsing: text) else {
        throw fault(node, "An output is DATASET or DATASET=PATH.")
      }
      return output
    }
    if let parameters = mapping["param"] {
      guard let pairs = parameters.mapping else {
        throw fault(parameters, "param: is a list of names with values, as {language: en}.")
      }
      step.parameters = try pairs.map { (try text($0.key), try text($0.value)) }
    }
    step.purpose = try mapping["purpose"].map(text)
    step.ground = try mapping["ground"].map { node in
      guard let ground = RestrictionGround(rawValue: try text(node)) else {
        let known = RestrictionGround.allCases.map(\.rawValue).joined(separator: ", ")
        throw fault(node, "ground: is one of \(known).")
      }
      return ground
    }
    step.environment = try texts(mapping["env"]).map(\.text)
    step.tools = try texts(mapping["tool"]).map(\.text)
    step.code = try texts(mapping["code"]).map(\.text)
    step.subject = try mapping["subject"].map(text)
    step.derivations = try mapping["derivations"].map(text)
    step.key = try mapping["key"].map(text)
    return Pipeline.Placed(
      step: step, line: node.mark?.line ?? 1, column: node.mark?.column ?? 1,
      inputPlaces: inputs.map { ($0.node.mark?.line ?? 1, $0.node.mark?.column ?? 1) })
  }

  private func text(_ node: Node) throws -> String {
    guard let text = node.scalar?.string, !text.isEmpty else {
      throw fault(node, "A text is expected here.")
    }
    return text
  }

  /// One text, or a list of them.
  private func texts(_ node: Node?) throws -> [(node: Node, text: String)] {
    guard let node else { return [] }
    guard let list = node.sequence else { return [(node, try text(node))] }
    return try list.map { ($0, try text($0)) }
  }

  private func fault(_ node: Node?, _ message: String) -> CustodyError {
    CustodyError(
      .invalidInput, message,
      at: .init(file: file, line: node?.mark?.line ?? 1, column: node?.mark?.column ?? 1))
  }

  private static func error(_ error: YamlError, _ file: String) -> CustodyError {
    switch error {
    case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
      .composer(_, let problem, let mark, _):
      CustodyError(
        .invalidInput, "The file is not YAML: \(problem).",
        at: .init(file: file, line: mark.line, column: mark.column))
    case .duplicatedKeysInMapping(let names, let context):
      CustodyError(
        .invalidInput, "\(names.sorted().joined(separator: ", ")) stands more than once.",
        at: .init(file: file, line: context.mark.line, column: context.mark.column))
    default: CustodyError(.invalidInput, "The file is not YAML.", at: .init(file: file))
    }
  }
}
