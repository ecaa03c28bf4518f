import CMalloc
import CustodyCommands
import Foundation

// The first file we open would become a standard stream that is closed, and a ledger would get our
// complaints. What stands in for it refuses to be read or written, as it did (like GNU's stdopen).
for stream in [STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO] where fcntl(stream, F_GETFD) < 0 {
  guard open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY) == stream else {
    exit(ExitStatus.surroundings)
  }
}
// Whoever ignores the ends of children hands that down, and the kernel would not tell us of ours.
signal(SIGCHLD, SIG_DFL)
Interruption.install()
// "M_MMAP_THRESHOLD ... setting this parameter disables the dynamic adjustment": what large buffers
// took goes back to the system instead of staying with the thread that had them.
// https://man7.org/linux/man-pages/man3/mallopt.3.html
_ = mallopt(M_MMAP_THRESHOLD, 256 << 10)
exit(await CustodyCommand.launch(Array(CommandLine.arguments.dropFirst())))
