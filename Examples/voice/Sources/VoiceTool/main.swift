import Foundation
import VoicePipeline

exit(Pipeline.main(Array(CommandLine.arguments.dropFirst())))
