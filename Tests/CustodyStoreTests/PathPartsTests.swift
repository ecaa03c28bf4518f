import CustodyStore
import Testing

@Suite("The parts of a path")
struct PathPartsTests {
  @Test(
    "are those of any path",
    arguments: [
      ("c", "", "c", ""), ("", "", "", ""), ("/", "/", "/", ""), ("/a", "/", "a", ""),
      ("/a/b", "/a", "b", ""), ("/a/b/", "/a", "b", ""), ("a/b", "a", "b", ""),
      ("./c", ".", "c", ""), ("//a", "/", "a", ""), ("a//b", "a", "b", ""),
      ("x.json", "", "x.json", "json"), ("/a.b/c", "/a.b", "c", ""), (".hidden", "", ".hidden", ""),
      ("/ä/ö.CSV", "/ä", "ö.CSV", "csv"),
    ])
  func parts(path: String, folder: String, name: String, fileExtension: String) {
    #expect(PathParts.folder(of: path) == folder)
    #expect(PathParts.name(of: path) == name)
    #expect(PathParts.fileExtension(of: path) == fileExtension)
  }
}
