import CMalloc
import CustodyCommands
import Foundation

Interruption.install()
// "M_MMAP_THRESHOLD ... setting this parameter disables the dynamic adjustment": what large buffers
// took goes back to the system instead of staying with the thread that had them.
// https://man7.org/linux/man-pages/man3/mallopt.3.html
_ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
exit(await CustodyCommand.launch(Array(CommandLine.arguments.dropFirst())))
