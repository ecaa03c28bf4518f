import CustodyLedger

/// The run that started this one, and the one that started all.
package struct ParentFacet: LineageFacet {
  package static let key = "parent"

  package struct Ancestor: Hashable, Sendable {
    package let run: LineageRunID
    package let job: LineageName
  }

  package let parent: Ancestor
  package let root: Ancestor?

  package init?(_ value: JSONValue) {
    guard let parent = Ancestor(value) else { return nil }
    self.parent = parent
    root = value["root"].flatMap(Ancestor.init)
  }
}

extension ParentFacet.Ancestor {
  fileprivate init?(_ value: JSONValue) {
    guard let run = LineageRunID(value["run"]?["runId"]), let job = value["job"],
      let name = LineageName(job)
    else { return nil }
    self.init(run: run, job: name)
  }
}

/// The times that a run stands for, whenever it ran.
package struct NominalTimeFacet: LineageFacet {
  package static let key = "nominalTime"

  package let start: LineageTime
  package let end: LineageTime?

  package init?(_ value: JSONValue) {
    guard let start = LineageTime(value["nominalStartTime"]) else { return nil }
    self.start = start
    end = LineageTime(value["nominalEndTime"])
  }
}

/// What ran it.
package struct ProcessingEngineFacet: LineageFacet {
  package static let key = "processing_engine"

  package let name: String?
  package let version: String
  /// Of OpenLineage's part within it.
  package let adapterVersion: String?

  package init?(_ value: JSONValue) {
    guard let version = value["version"]?.string else { return nil }
    self.version = version
    name = value["name"]?.string
    adapterVersion = value["openlineageAdapterVersion"]?.string
  }
}

/// Why a run failed. Of a masked event, `?`.
package struct ErrorMessageFacet: LineageFacet {
  package static let key = "errorMessage"

  package let message: String
  package let programmingLanguage: String
  package let stackTrace: String?

  package init?(_ value: JSONValue) {
    guard let message = value["message"]?.string,
      let language = value["programmingLanguage"]?.string
    else { return nil }
    self.message = message
    programmingLanguage = language
    stackTrace = value["stackTrace"]?.string
  }
}

/// What tests found, each by its name.
package struct TestFacet: LineageFacet {
  package static let key = "test"

  package struct Test: Hashable, Sendable {
    package let name: String
    /// PASS, FAIL, SKIP and others.
    package let status: String
    package let severity: String?
  }

  package let tests: [Test]

  package init?(_ value: JSONValue) {
    tests =
      value["tests"]?.elements.compactMap { value in
        guard let name = value["name"]?.string, let status = value["status"]?.string else {
          return nil
        }
        return Test(name: name, status: status, severity: value["severity"]?.string)
      } ?? []
  }
}
