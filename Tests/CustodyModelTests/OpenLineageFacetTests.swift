import CustodyLedger
import CustodyModel
import Testing

@Suite("A facet of OpenLineage")
struct OpenLineageFacetTests {
  private func event(
    _ place: OpenLineageFacet.Place, _ key: String, _ members: String
  ) throws -> OpenLineageEvent {
    let event = try OpenLineageEvent(
      reading: LineageSample.event(
        place, facets: #""\#(key)":{\#(LineageSample.base)\#(members)}"#))
    #expect(event.faults.isEmpty, "\(event.faults)")
    return event
  }

  private func run<Facet: LineageFacet>(_ type: Facet.Type, _ members: String) throws -> Facet? {
    try event(.run, Facet.key, members).run?.facets[type]
  }

  private func job<Facet: LineageFacet>(_ type: Facet.Type, _ members: String) throws -> Facet? {
    try event(.job, Facet.key, members).job?.facets[type]
  }

  private func dataset<Facet: LineageFacet>(
    _ type: Facet.Type, _ members: String
  ) throws -> Facet? {
    try event(.dataset, Facet.key, members).outputs[0].facets[type]
  }

  private static let identity = #""namespace":"n","name":"a""#
  private static let name = LineageName(namespace: "n", name: "a")

  // MARK: - What the graph is made of

  @Test("of the schema has fields within fields")
  func schema() throws {
    let facet = try dataset(
      SchemaFacet.self,
      #","fields":[{"name":"a","type":"int","ordinal_position":1.0,"description":"x"},"#
        + #"{"name":"b","fields":[{"name":"c","type":null},{"name":"_element"}]}]"#)
    let fields = try #require(facet?.fields)
    #expect(fields.map(\.name) == ["a", "b"])
    #expect(fields.map(\.type) == ["int", nil])
    #expect(fields.map(\.position) == [1, nil])
    #expect(fields[1].fields.map(\.name) == ["c", "_element"])
    #expect(try dataset(SchemaFacet.self, "")?.fields == [])
  }

  @Test("of columns has all their inputs, how each was made, and what all of them depend on")
  func columnLineage() throws {
    let facet = try dataset(
      ColumnLineageFacet.self,
      #","fields":{"z":{"inputFields":[{\#(Self.identity),"field":"x","transformations":["#
        + #"{"type":"DIRECT","subtype":"AGGREGATION","masking":true,"description":"d"},"#
        + #"{"type":"INDIRECT","subtype":"FILTER"}]},{\#(Self.identity),"field":"y"}]},"#
        + #""é":{"inputFields":[],"transformationType":"IDENTITY"}},"#
        + #""dataset":[{\#(Self.identity),"field":"w","transformations":[{"type":"INDIRECT"}]}]"#)
    let fields = try #require(facet?.fields)
    #expect(fields.map(\.name) == ["z", "é"])
    #expect(fields[0].inputs.map(\.dataset) == [Self.name, Self.name])
    #expect(fields[0].inputs.map(\.field) == ["x", "y"])
    let ways = fields[0].inputs[0].transformations
    #expect(ways.map(\.type) == ["DIRECT", "INDIRECT"])
    #expect(ways.map(\.subtype) == ["AGGREGATION", "FILTER"])
    #expect(ways.map(\.masks) == [true, nil])
    #expect(fields[1].transformationType == "IDENTITY")
    #expect(facet?.dataset.map(\.field) == ["w"])
    #expect(facet?.dataset.first?.transformations.map(\.type) == ["INDIRECT"])
  }

  @Test("of edges to a dataset tells nothing said from nothing there")
  func datasetEdges() throws {
    #expect(try dataset(DatasetLineageFacet.self, "")?.edges.inputs == nil)
    #expect(try dataset(DatasetLineageFacet.self, #","inputs":[]"#)?.edges.inputs == [])
    let facet = try dataset(
      DatasetLineageFacet.self,
      #","inputs":[{\#(Self.identity),"type":"DATASET","field":"x","#
        + #""transformations":[{"type":"DIRECT","masking":false}]},"#
        + #"{"type":"JOB","runId":"\#(LineageSample.runID)"},{"type":"JOB"}],"#
        + #""fields":{"b":{"inputs":[]},"a":{"inputs":[{\#(Self.identity),"type":"JOB"}]}}"#)
    let edges = try #require(facet?.edges)
    #expect(edges.inputs?.first?.from == .dataset(Self.name))
    #expect(edges.inputs?.first?.field == "x")
    #expect(edges.inputs?.first?.transformations.map(\.masks) == [false])
    let run = try OpenLineageEvent(reading: LineageSample.event()).run?.id
    #expect(edges.inputs?.dropFirst().map(\.from) == [.job(nil, run: run), .job(nil, run: nil)])
    #expect(edges.fields.map(\.name) == ["a", "b"])
    #expect(edges.fields[0].inputs.map(\.from) == [.job(Self.name, run: nil)])
  }

  @Test("of edges to several of a job names each of them")
  func jobEdges() throws {
    let facet = try job(
      JobLineageFacet.self,
      #","entries":[{\#(Self.identity),"type":"DATASET","inputs":[{"type":"JOB"}]},"#
        + #"{\#(Self.identity),"type":"JOB","runId":"\#(LineageSample.runID)"},{"type":"JOB"}]"#)
    let entries = try #require(facet?.entries)
    let run = try OpenLineageEvent(reading: LineageSample.event()).run?.id
    #expect(
      entries.map(\.to) == [.dataset(Self.name), .job(Self.name, run: run), .job(nil, run: nil)])
    #expect(entries[0].edges.inputs?.map(\.from) == [.job(nil, run: nil)])
    #expect(entries[1].edges.inputs == nil)
  }

  @Test("of a parent names it and the root")
  func parent() throws {
    let ancestor = #""run":{"runId":"\#(LineageSample.runID)"},"job":{\#(Self.identity)}"#
    let facet = try run(ParentFacet.self, #",\#(ancestor),"root":{\#(ancestor)}"#)
    #expect(facet?.parent.job == Self.name)
    #expect(facet?.parent.run.uuid == LineageSample.runID)
    #expect(facet?.root == facet?.parent)
    #expect(try run(ParentFacet.self, ",\(ancestor)")?.root == nil)
  }

  @Test("of other names and of a life has them")
  func names() throws {
    let links = try dataset(
      SymlinksFacet.self, #","identifiers":[{\#(Self.identity),"type":"TABLE"}]"#)
    #expect(links?.identifiers.map(\.name) == [Self.name])
    #expect(links?.identifiers.map(\.type) == ["TABLE"])
    for change in LifecycleStateChangeFacet.Change.allCases {
      let facet = try dataset(
        LifecycleStateChangeFacet.self,
        #","lifecycleStateChange":"\#(change.rawValue)","previousIdentifier":{\#(Self.identity)}"#)
      #expect(facet?.change == change)
      #expect(facet?.previous == Self.name)
    }
    #expect(try dataset(VersionFacet.self, #","datasetVersion":"7""#)?.version == "7")
    let catalog = try dataset(
      CatalogFacet.self, #","framework":"iceberg","type":"hive","name":"c""#)
    #expect([catalog?.framework, catalog?.type, catalog?.name] == ["iceberg", "hive", "c"])
    let storage = try dataset(StorageFacet.self, #","storageLayer":"delta","fileFormat":"parquet""#)
    #expect([storage?.layer, storage?.format] == ["delta", "parquet"])
    let source = try dataset(DataSourceFacet.self, #","name":"s","uri":"postgres://h""#)
    #expect([source?.name, source?.uri] == ["s", "postgres://h"])
  }

  @Test("of figures has them, and of tests what they found")
  func figures() throws {
    let usage = #","rowCount":3,"size":4.0,"fileCount":5"#
    let input = try event(.input, "inputStatistics", usage).inputs[0].usage
    #expect(input?[InputStatisticsFacet.self]?.rowCount == 3)
    #expect(input?[InputStatisticsFacet.self]?.size == 4)
    let output = try event(.output, "outputStatistics", usage).outputs[0].usage
    #expect(output?[OutputStatisticsFacet.self]?.fileCount == 5)
    let metrics = try dataset(
      DataQualityMetricsFacet.self,
      #","rowCount":1,"bytes":2,"fileCount":3,"lastUpdated":"\#(LineageSample.time)","#
        + #""columnMetrics":{"b":{"nullCount":0},"a":{"distinctCount":9,"count":2.5,"min":1}}"#)
    #expect([metrics?.rowCount, metrics?.bytes, metrics?.fileCount] == [1, 2, 3])
    #expect(metrics?.lastUpdated == LineageTime(LineageSample.time))
    #expect(metrics?.columns.map(\.name) == ["a", "b"])
    #expect(metrics?.columns.map(\.nullCount) == [nil, 0])
    #expect(metrics?.columns.map(\.distinctCount) == [9, nil])
    #expect(metrics?.columns.map(\.count) == [2.5, nil])
    let assertions =
      #","assertions":[{"assertion":"not_null","success":false,"column":"a","severity":"error"},"#
      + #"{"assertion":"unique","success":true}]"#
    for place in [OpenLineageFacet.Place.dataset, .input] {
      let event = try event(place, "dataQualityAssertions", assertions)
      let facets = place == .input ? event.inputs[0].usage : event.outputs[0].facets
      let found = facets?[DataQualityAssertionsFacet.self]?.assertions
      #expect(found?.map(\.isMet) == [false, true])
      #expect(found?.map(\.column) == ["a", nil])
    }
    let tests = try run(
      TestFacet.self, #","tests":[{"name":"t","status":"fail","severity":"warn","actual":"1"}]"#)
    let test = tests?.tests.first
    #expect([test?.name, test?.status, test?.severity] == ["t", "fail", "warn"])
  }

  @Test("of a run or a job says how it ran and where its code is")
  func running() throws {
    let times = try run(
      NominalTimeFacet.self,
      #","nominalStartTime":"\#(LineageSample.time)","nominalEndTime":"2026-02-01T08:00:00""#)
    #expect(times?.start.hasZone == true)
    #expect(times?.end?.hasZone == false)
    let engine = try run(
      ProcessingEngineFacet.self,
      #","version":"3.5","name":"spark","openlineageAdapterVersion":"1.4""#)
    #expect([engine?.name, engine?.version, engine?.adapterVersion] == ["spark", "3.5", "1.4"])
    let error = try run(
      ErrorMessageFacet.self, #","message":"m","programmingLanguage":"JAVA","stackTrace":"s""#)
    #expect([error?.message, error?.programmingLanguage, error?.stackTrace] == ["m", "JAVA", "s"])
    let sql = try job(SQLFacet.self, #","query":"select 1","dialect":"duckdb""#)
    #expect([sql?.query, sql?.dialect] == ["select 1", "duckdb"])
    let code = try job(
      SourceCodeLocationFacet.self,
      #","type":"git","url":"https://h/r","repoUrl":"git@h:r","version":"abc","branch":"b","#
        + #""path":"p","tag":"t""#)
    #expect([code?.type, code?.url, code?.repository] == ["git", "https://h/r", "git@h:r"])
    #expect([code?.version, code?.branch, code?.path, code?.tag] == ["abc", "b", "p", "t"])
    let type = try job(
      JobTypeFacet.self,
      #","processingType":"STREAMING","integration":"FLINK","jobType":"TASK","#
        + #""emissionPattern":{"eventTrigger":"PERIODIC","eventContentMode":"ACCUMULATIVE","#
        + #""windowDuration":5}"#)
    #expect(
      [type?.processingType, type?.integration, type?.jobType] == ["STREAMING", "FLINK", "TASK"])
    #expect([type?.eventTrigger, type?.eventContentMode] == ["PERIODIC", "ACCUMULATIVE"])
    let owners = try job(OwnershipFacet.self, #","owners":[{"name":"team:x","type":"OWNER"}]"#)
    #expect(owners?.owners.map(\.name) == ["team:x"])
    #expect(owners?.owners.map(\.type) == ["OWNER"])
    let text = try dataset(
      DocumentationFacet.self, #","description":"d","contentType":"text/plain""#)
    #expect([text?.description, text?.contentType] == ["d", "text/plain"])
    let tags = try dataset(TagsFacet.self, #","tags":[{"key":"k","value":"v","field":"f"}]"#)
    let tag = tags?.tags.first
    #expect([tag?.key, tag?.value, tag?.field] == ["k", "v", "f"])
  }

  // MARK: - What is wrong with one

  @Test(
    "that is not as its schema asks is named, and the rest of the event is used",
    arguments: [
      (#""schema":1"#, "$.outputs[0].facets.schema: an object is expected"),
      (#""schema":{}"#, "$.outputs[0].facets.schema._producer: is missing"),
      (
        #""schema":{BASE,"fields":[{"name":"a"},{"type":"int"}]}"#,
        "$.outputs[0].facets.schema.fields[1].name: is missing"
      ),
      (
        #""schema":{BASE,"fields":[{"name":"a","fields":[{"name":1}]}]}"#,
        "$.outputs[0].facets.schema.fields[0].fields[0].name: a string is expected"
      ),
      (
        #""schema":{BASE,"fields":[],"fields":[]}"#,
        "$.outputs[0].facets.schema.fields: a member stands twice"
      ),
      (
        #""schema":{BASE,"fields":[],"fields":null}"#,
        "$.outputs[0].facets.schema.fields: a member stands twice"
      ),
      (
        #""columnLineage":{BASE,"fields":{"a b":{"inputFields":[{"namespace":"n","name":"d"}]}}}"#,
        #"$.outputs[0].facets.columnLineage.fields["a b"].inputFields[0].field: is missing"#
      ),
      (
        #""columnLineage":{BASE,"fields":{"a":{"inputFields":[]},"a":{"inputFields":[]}}}"#,
        "$.outputs[0].facets.columnLineage.fields.a: a member stands twice"
      ),
      (
        #""symlinks":{BASE,"identifiers":[{"namespace":"n","name":"a\nb","type":"TABLE"}]}"#,
        "$.outputs[0].facets.symlinks.identifiers[0].name: has a control character"
      ),
      (
        #""lifecycleStateChange":{BASE,"lifecycleStateChange":"BURN"}"#,
        "$.outputs[0].facets.lifecycleStateChange.lifecycleStateChange: ALTER, CREATE, DROP, "
          + "OVERWRITE, RENAME, TRUNCATE is expected"
      ),
      (
        #""dataQualityMetrics":{BASE,"columnMetrics":{"a":{"nullCount":1.5}}}"#,
        "$.outputs[0].facets.dataQualityMetrics.columnMetrics.a.nullCount: a whole number is expected"
      ),
      (
        #""lineage":{BASE,"inputs":[{"type":"JOB","name":"j"}]}"#,
        "$.outputs[0].facets.lineage.inputs[0]: none of the forms of the schema fits"
      ),
      (
        #""an unknown one, in words":{}"#,
        "$.outputs[0].facets: a facet's key is expected: at most 128 letters, digits and any of "
          + "_ - . : /"
      ),
      (#""mine":[]"#, "$.outputs[0].facets.mine: an object is expected"),
    ])
  func faults(facet: String, fault: String) throws {
    let facets =
      #""version":{BASE,"datasetVersion":"7"},\#(facet),"storage":{BASE,"storageLayer":"s"}"#
      .replacing("BASE", with: LineageSample.base)
    let event = try OpenLineageEvent(reading: LineageSample.event(.dataset, facets: facets))
    #expect(event.faults.map(\.description) == [fault])
    #expect(event.unknownFacets.isEmpty)
    #expect(event.facets.map(\.isUsed) == [true, false, true])
    #expect(event.outputs[0].facets[VersionFacet.self]?.version == "7")
    #expect(event.outputs[0].facets[SchemaFacet.self] == nil)
    let again = try OpenLineageEvent(reading: event.masked)
    #expect(again.facets.map(\.key) == ["storage", "version"])
    #expect(again.faults.isEmpty)
  }

  @Test("that stands twice is used as it stands last")
  func twice() throws {
    func version(_ text: String) -> String {
      #""version":{\#(LineageSample.base),"datasetVersion":"\#(text)"}"#
    }
    let event = try OpenLineageEvent(
      reading: LineageSample.event(.dataset, facets: "\(version("1")),\(version("2"))"))
    #expect(event.outputs[0].facets[VersionFacet.self]?.version == "2")
    #expect(
      event.faults.map(\.description)
        == ["$.outputs[0].facets.version: stands twice; the later one is used"])
    let again = try OpenLineageEvent(reading: event.masked)
    #expect(again.outputs[0].facets[VersionFacet.self]?.version == "2")
    #expect(again.faults.isEmpty)
  }

  @Test("that is taken back says so, and need not be whole")
  func deleted() throws {
    for place in [OpenLineageFacet.Place.job, .dataset] {
      let event = try OpenLineageEvent(
        reading: LineageSample.event(place, facets: #""ownership":{"_deleted":true},"x":{}"#))
      let facets = place == .job ? event.job?.facets : event.outputs[0].facets
      #expect(facets?.isDeleted(OwnershipFacet.self) == true)
      #expect(facets?.isDeleted(TagsFacet.self) == false)
      #expect(facets?[OwnershipFacet.self] == nil)
      #expect(event.faults.isEmpty)
      #expect(LineageFacts(try OpenLineageEvent(reading: event.masked)) == LineageFacts(event))
    }
    // No run takes a facet back.
    let event = try OpenLineageEvent(
      reading: LineageSample.event(.run, facets: #""tags":{"_deleted":true}"#))
    #expect(event.faults.map(\.path) == ["$.run.facets.tags._producer"])
  }

  @Test("means something only where the spec has it")
  func place() throws {
    for (place, key) in [
      (OpenLineageFacet.Place.run, "schema"), (.job, "parent"), (.dataset, "outputStatistics"),
      (.input, "outputStatistics"), (.output, "dataQualityMetrics"), (.run, "spark_jobDetails"),
    ] {
      let event = try OpenLineageEvent(
        reading: LineageSample.event(place, facets: #""\#(key)":{"anything":[1]}"#))
      #expect(event.unknownFacets == [key])
      #expect(event.faults.isEmpty)
      #expect(!String(decoding: event.masked, as: UTF8.self).contains("anything"))
    }
  }
}
