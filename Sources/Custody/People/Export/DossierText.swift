import CustodyModel

/// What an export says in the same words to programs and to people.
enum DossierText {
  static let retention =
    "No retention policy is in force: what is held is kept until it is erased."
  static let runTexts =
    "Command lines, parameters and outputs of runs are left out: nobody has said whom they are about."
  static let matter = "What the matter is about is left out: it is about others too."
  static let shared = "This is about other people too, so only that it is held is said."
}

extension Datasets.Source {
  /// For programs.
  var json: String {
    var object = JSONWriter()
    switch self {
    case .path(let path): object.member("path", path)
    case .version(let number): object.member("version", number)
    case .run(let id): object.member("run", id)
    case .unrecorded: return "null"
    }
    return object.object
  }

  /// For people.
  var text: String {
    switch self {
    case .path(let path): path
    case .version(let number): "version \(number), which was made the newest again"
    case .run(let id): "a processing step, \(id)"
    case .unrecorded: "not recorded"
    }
  }
}

extension Restrictions.Restriction.Cause {
  /// The reason by its name; `erasure-waits` of what is to be erased.
  var name: String {
    switch self {
    case .placed(let reason): reason.rawValue
    case .erasureWaits: "erasure-waits"
    }
  }
}
