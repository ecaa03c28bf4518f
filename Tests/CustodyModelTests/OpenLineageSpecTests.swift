import CustodyModel
import CustodyTesting
import Foundation
import Testing

/// Held against what the specification and its producers give.
@Suite("OpenLineage as others publish it", .needsOpenLineage)
struct OpenLineageSpecTests {
  private static let facetFiles = SharedData.openLineageFiles(under: "spec/tests")
    .filter { $0.split(separator: "/").count == 4 }

  private func bytes(_ path: String) throws -> [UInt8] {
    [UInt8](try Data(contentsOf: try #require(SharedData.openLineage).appending(path: path)))
  }

  /// Where the spec has the facet of a file, which its folder is named after.
  private func place(_ path: String, _ text: String) -> OpenLineageFacet.Place {
    let folder = path.split(separator: "/")[2]
    let suffixes: [(String, OpenLineageFacet.Place)] = [
      ("RunFacet", .run), ("JobFacet", .job), ("InputDatasetFacet", .input),
      ("OutputDatasetFacet", .output),
    ]
    if folder == "LineageFacet" { return text.contains("\"entries\"") ? .job : .dataset }
    if text.contains("\"inputCondition\"") { return .input }
    if text.contains("\"outputCondition\"") { return .output }
    return suffixes.first { folder.hasSuffix($0.0) }?.1 ?? .dataset
  }

  @Test(
    "every facet of the spec's tests is understood, and still is when masked", arguments: facetFiles
  )
  func facets(path: String) throws {
    let text = String(decoding: try bytes(path), as: UTF8.self)
    let members = text.trimmingCharacters(in: .whitespacesAndNewlines).dropFirst().dropLast()
    let event = try OpenLineageEvent(
      reading: LineageSample.event(place(path, text), facets: String(members)))
    for event in [event, try OpenLineageEvent(reading: event.masked)] {
      #expect(event.facets.count == 1)
      #expect(event.facets.map(\.isUsed) == [true])
      #expect(event.faults.isEmpty)
      #expect(event.unknownFacets.isEmpty)
    }
  }

  @Test("the spec's tests are all there")
  func count() {
    #expect(Self.facetFiles.count >= 40)
    #expect(SharedData.openLineageFiles(under: "consumer").count > 40)
  }

  @Test(
    "what producers sent is taken whole, and says the same when masked",
    arguments: SharedData.openLineageFiles(under: "consumer").filter { $0.contains("/events/") }
      + SharedData.openLineageFiles(under: "marquez")
      + ["spec/tests/example_full_event.json"])
  func producers(path: String) throws {
    let bytes = try bytes(path)
    for part in OpenLineageSplitter.parts(bytes) {
      #expect(part.fault == nil)
      let event = try OpenLineageEvent(reading: bytes[part.range])
      // One of them lacks what the facet's schema asks for.
      #expect(
        Set(event.faults.map(\.description)).isSubset(of: [
          "$.inputs[0].inputFacets.dataQualityMetrics.columnMetrics: is missing"
        ]))
      let masked = event.masked
      let again = try OpenLineageEvent(reading: masked)
      #expect(again.masked == masked)
      #expect(LineageFacts(again) == LineageFacts(event))
      #expect(again.unknownFacets == event.unknownFacets)
    }
  }

  @Test("events of the negative tests are refused, or kept with the bad facet named")
  func negative() throws {
    for (name, path) in [
      ("dataset", "$.outputs[0].facets."), ("input_dataset", "$.inputs[0].inputFacets."),
      ("output_dataset", "$.outputs[0].outputFacets."), ("job", "$.job.facets."),
      ("run", "$.run.facets."),
    ] {
      let event = try OpenLineageEvent(
        reading: bytes("negative-events/event_invalid_\(name)_facet.json"))
      #expect(event.faults.count == 1, "\(name): \(event.faults)")
      #expect(event.faults.first?.path.hasPrefix(path) == true, "\(name): \(event.faults)")
      let again = try OpenLineageEvent(reading: event.masked)
      #expect(again.faults.isEmpty)
      #expect(LineageFacts(again) == LineageFacts(event))
    }
    for (name, faults) in [
      ("simple", []),
      ("full", ["$.inputs[0].inputFacets.dataQualityMetrics.columnMetrics: is missing"]),
    ] {
      let event = try OpenLineageEvent(reading: bytes("negative-events/event_\(name).json"))
      #expect(event.faults.map(\.description) == faults)
    }
    #expect(
      LineageSample.refusal(try bytes("negative-events/event_no_run_id.json"))
        == "$.run.runId: is missing")
  }

  @Test("the schemas that are carried are the spec's own, byte for byte")
  func schemas() throws {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/CustodyModel/OpenLineage/Schemas").standardized
    let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
    let spec = SharedData.openLineageFiles(under: "spec/facets") + ["spec/OpenLineage.json"]
    #expect(files.count == spec.count)
    for path in spec {
      let name = try #require(path.split(separator: "/").last)
      let carried = try Data(contentsOf: folder.appending(path: String(name)))
      #expect(carried == Data(try bytes(path)), "\(name)")
    }
  }
}
