import CustodyModel

/// Events of OpenLineage to put facets in.
enum LineageSample {
  static let runID = "01a204a7-ba70-7fdc-b314-7b88f7b5272a"
  static let time = "2026-01-31T08:00:00.000Z"
  static let base =
    #""_producer":"https://example.com/p","_schemaURL":"https://example.com/s.json""#

  /// A run that read one dataset and wrote one, with `facets` (`"key":{…}`, …) in one place.
  static func event(_ place: OpenLineageFacet.Place = .run, facets: String = "") -> [UInt8] {
    func member(_ wanted: OpenLineageFacet.Place) -> String {
      place == wanted && !facets.isEmpty ? #","\#(place.member)":{\#(facets)}"# : ""
    }
    return Array(
      (#"{"eventType":"COMPLETE","eventTime":"\#(time)","producer":"https://example.com/p","#
        + #""schemaURL":"https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent","#
        + #""run":{"runId":"\#(runID)"\#(member(.run))},"#
        + #""job":{"namespace":"airflow://production","name":"daily.load"\#(member(.job))},"#
        + #""inputs":[{"namespace":"s3://lake","name":"orders/raw"\#(member(.input))}],"#
        + #""outputs":[{"namespace":"postgres://warehouse:5432","name":"public.orders""#
        + #"\#(member(.dataset))\#(member(.output))}]}"#).utf8)
  }

  /// A run with nothing but `members` beside what has to be there.
  static func run(_ members: String) -> [UInt8] {
    Array(
      (#"{"eventTime":"\#(time)","producer":"https://example.com/p","#
        + #""schemaURL":"https://example.com/s","run":{"runId":"\#(runID)"},"#
        + #""job":{"namespace":"n","name":"j"}\#(members)}"#).utf8)
  }

  static func read(_ text: String) throws -> OpenLineageEvent {
    try OpenLineageEvent(reading: Array(text.utf8))
  }

  /// Why an event is refused, as `path: rule`.
  static func refusal(_ bytes: [UInt8]) -> String? {
    do throws(OpenLineageFault) {
      _ = try OpenLineageEvent(reading: bytes)
      return nil
    } catch {
      return "\(error)"
    }
  }
}
