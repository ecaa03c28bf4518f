import Custody
import CustodyModel

extension ErasurePrinter {
  /// Where the people came from, and may come from again.
  func printSources() {
    Terminal.printSection(
      plan.subjects.count == 1
        ? "came from; committed from there again, she comes back as a new person"
        : "came from; committed from there again, they come back as new people",
      plan.sources.map { source in
        "\(source.dataset), \(Self.versions(source.versions)): "
          + (source.path ?? "a path that is not recorded")
      })
  }

  func writeSources(to writer: inout JSONWriter) {
    writer.member("sources", plan.sources) { source, object in
      object.member("dataset", source.dataset)
      object.member("path", source.path)
      object.member("versions", integers: source.versions)
    }
  }
}
