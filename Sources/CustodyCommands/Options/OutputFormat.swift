import ArgumentParser

/// How results are printed.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable {
  case table, json, ndjson, csv
}

struct FormatOptions: ParsableArguments {
  @Option(help: "How to print.")
  var format = OutputFormat.table
}
