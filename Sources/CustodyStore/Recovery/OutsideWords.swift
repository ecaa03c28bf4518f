import CustodyLedger
import Foundation

/// What guard, signer and anchors say, read before the ledger is: what they say of it while somebody
/// writes is then in it.
struct OutsideWords {
  struct State {
    let source: String
    let isGuard: Bool
    let state: SignerState
  }

  struct Note {
    let source: String
    /// The file of an anchor.
    let anchor: String?
    let text: String
  }

  private(set) var states: [State] = []
  private(set) var notes: [Note] = []
  private(set) var conditions: [StoreCondition] = []

  /// A folder of states, and what to call it.
  private struct Place {
    let source: String
    let part: StorePart
    let folder: String
    /// Where it was before: missed by nobody.
    let isFormer: Bool
  }

  /// - Parameter former: guard and secrets that settings named before they were moved.
  init(
    _ settings: Settings, _ layout: Layout, _ anchors: Anchors,
    former: (guard: String?, secrets: String?)
  ) throws {
    var places = [
      Place(
        source: StoreSurvey.guardSource, part: .guard, folder: settings.guard, isFormer: false),
      Place(
        source: "the signer", part: .signer, folder: settings.secretsFolder(layout), isFormer: false
      ),
    ]
    if let folder = former.guard {
      places.append(
        Place(source: "the guard in \(folder)", part: .guard, folder: folder, isFormer: true))
    }
    if let folder = former.secrets {
      places.append(
        Place(source: "the signer in \(folder)", part: .signer, folder: folder, isFormer: true))
    }
    for place in places { try read(place) }
    for folder in [settings.guard, former.guard].compactMap({ $0 }) {
      if let text = try Guard(folder: folder).checkpoint() {
        notes.append(Note(source: "the guard's checkpoint", anchor: nil, text: text))
      }
    }
    let kept = try anchors.notes().compactMap { anchor in
      (try? anchor.note.get()).map {
        Note(source: "anchor \(anchor.name)", anchor: anchor.name, text: $0)
      }
    }
    if kept.isEmpty { conditions.append(.missing(.anchors, "What \(anchors.folder) holds")) }
    notes += kept
    forgetMoved()
  }

  private mutating func read(_ place: Place) throws {
    guard FileIO.isFolder(place.folder) else {
      if place.part == .guard, !place.isFormer {
        conditions.append(.missing(.guard, "The folder of the guard, \(place.folder),"))
      }
      return
    }
    let path = "\(place.folder)/\(SignerState.fileName)"
    do {
      if let state = try SignerState.read(path) {
        states.append(
          State(source: place.source, isGuard: place.part == .guard, state: state))
      } else if !place.isFormer {
        conditions.append(.missing(place.part, "What \(place.source) wrote down, \(path),"))
      }
    } catch let error as CustodyError where error.code == .permission && place.part == .signer {
      // Whoever may not read the secrets cannot write either.
    } catch let error as CustodyError where error.code == .damaged && !place.isFormer {
      conditions.append(.torn(place.part, "What \(place.source) wrote down, \(path), is damaged."))
    }
  }

  /// What was at its former place is not missing, but moved.
  private mutating func forgetMoved() {
    let isGuardKnown = states.contains { $0.isGuard }
    conditions.removeAll { condition in
      guard case .missing(.guard, _) = condition else { return false }
      return isGuardKnown
    }
  }
}
