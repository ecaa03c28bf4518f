/// A version of a model exists: what it was trained on, exactly.
package struct ModelRegistered: ModelEvent {
  package static let type = "model.registered"
  package static let version: UInt16 = 1

  /// A version of a dataset that it was trained on.
  package struct Input: Equatable, Sendable {
    package let dataset: String
    package let number: Int
    /// The version's root, as hexadecimal digits.
    package let root: String

    package init(dataset: String, number: Int, root: String) {
      self.dataset = dataset
      self.number = number
      self.root = root
    }
  }

  package let model: String
  /// What it calls itself: `1`, `2026-03`.
  package let version: String
  /// `sha256:` and the digest of its file; nil when no file was named.
  package let digest: String?
  /// The run that trained it, which says what was read.
  package let run: String?
  package let trainedOn: [Input]
  package let purpose: String?
  package let owner: String?

  package init(
    model: String, version: String, digest: String?, run: String?, trainedOn: [Input],
    purpose: String?, owner: String?
  ) {
    self.model = model
    self.version = version
    self.digest = digest
    self.run = run
    self.trainedOn = trainedOn
    self.purpose = purpose
    self.owner = owner
  }

  package var content: [UInt8] {
    var writer = JSONWriter()
    writer.member("model", model)
    writer.member("version", version)
    writer.member("digest", digest)
    writer.member("run", run)
    writer.member("trainedOn", trainedOn) { input, writer in
      writer.member("dataset", input.dataset)
      writer.member("version", input.number)
      writer.member("root", input.root)
    }
    writer.member("purpose", purpose)
    writer.member("owner", owner)
    return Array(writer.object.utf8)
  }

  package init?(content: [UInt8]) {
    guard let reader = MemberReader(content), let model = reader.string("model"),
      let version = reader.string("version"), let inputs = reader.objects("trainedOn")
    else { return nil }
    let trainedOn = inputs.compactMap { input -> Input? in
      guard let dataset = input.string("dataset"), let number = input.integer("version"),
        let root = input.string("root"), number > 0
      else { return nil }
      return Input(dataset: dataset, number: number, root: root)
    }
    guard trainedOn.count == inputs.count else { return nil }
    self.init(
      model: model, version: version, digest: reader.string("digest"),
      run: reader.string("run"), trainedOn: trainedOn, purpose: reader.string("purpose"),
      owner: reader.string("owner"))
  }

  package static let example = ModelRegistered(
    model: "emotion", version: "3", digest: "sha256:" + String(repeating: "0", count: 64),
    run: "01a204a7-ba70-7fdc-b314-7b88f7b52729",
    trainedOn: [
      Input(dataset: "transcripts", number: 2, root: String(repeating: "1", count: 64))
    ], purpose: "counseling", owner: "study team")
}
