"""What the benchmarks share: running programs, what they took, and saying what was reached."""

import contextlib
import os
import platform
import shutil
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
MB = 1_000_000


class Called(NamedTuple):
    """What one process took."""

    seconds: float
    """By the clock on the wall, from its start to its end."""
    cpu: float
    """Of all cores. Much less than was to be had tells of waiting, or of a machine not quiet."""
    output: str
    peak: int
    """The most memory it had at once, in bytes. Below what Python itself takes nothing is seen."""


def call(*arguments: str | Path, cwd: Path | None = None) -> Called:
    """Runs a program; one that fails ends the measurement."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(a) for a in arguments],
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
        )
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        if process.returncode != 0:
            said = errors.read().decode(errors="replace")
            sys.exit(f"{' '.join(map(str, arguments))}: status {process.returncode}\n{said}")
        cpu = usage.ru_utime + usage.ru_stime
        return Called(seconds, cpu, output.read().decode(), usage.ru_maxrss * 1024)


def make(*arguments: object) -> None:
    """Writes data, in a process of its own: what it takes would count as its siblings' peak."""
    call(sys.executable, HERE / "make_data.py", *map(str, arguments))


def settle() -> None:
    # What one program left to be written must not slow down the next one.
    os.sync()


def note(text: str, *calls: Called | None) -> None:
    took = "; ".join(f"{c.seconds:.2f} s, CPU {c.cpu:.2f} s" for c in calls if c)
    print(f"{text}: {took}" if took else text, file=sys.stderr, flush=True)


def number(name: str, default: int) -> int:
    """A whole number from the environment."""
    return int(os.environ.get(name, default))


@contextlib.contextmanager
def workspace(name: str) -> Iterator[Path]:
    """A folder in TMPDIR, else /var/tmp, that is gone afterwards, killed or not."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    place = os.environ.get("TMPDIR", "/var/tmp")
    with tempfile.TemporaryDirectory(prefix=f"custody-{name}.", dir=place) as work:
        kind = call("stat", "-f", "-c", "%T", work).output.strip()
        if kind in ("tmpfs", "ramfs"):
            note(f"note: {work} is in memory; set TMPDIR to a folder on a disk")
        yield Path(work)


def environment(name: str, *packages: str) -> Path | None:
    """The programs of a Python environment with these packages, made once and kept.

    None when they cannot be installed.
    """
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = cache / "custody-benchmarks" / name
    made = folder / "made"
    if not made.exists():
        note(f"installing {' '.join(packages)} to {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        for step in (
            [sys.executable, "-m", "venv", str(folder)],
            [str(folder / "bin" / "pip"), "install", "--quiet", *packages],
        ):
            done = subprocess.run(step, capture_output=True, text=True)
            if done.returncode != 0:
                note(f"skipping {name}: {done.stderr.strip()[-300:]}")
                return None
        made.touch()
    return folder / "bin"


class Size(NamedTuple):
    """What a folder takes, in bytes."""

    apparent: int
    allocated: int

    def __str__(self) -> str:
        return f"{self.apparent / MB:,.1f} ({self.allocated / MB:,.1f})"


def size(folder: Path) -> Size:
    """As `du --apparent-size` and `du` say it."""
    apparent = call("du", "-s", "--block-size=1", "--apparent-size", folder)
    allocated = call("du", "-s", "--block-size=1", folder)
    return Size(int(apparent.output.split()[0]), int(allocated.output.split()[0]))


class Custody:
    """The program, and a store of its own."""

    program = os.environ.get("CUSTODY_BIN") or str(HERE.parent / ".build/release/custody")

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.store = folder / "store"
        if not os.access(self.program, os.X_OK):
            sys.exit(f"no program at {self.program} (swift build -c release, or set CUSTODY_BIN)")
        keys = ("--secrets", folder / "secrets", "--guard", folder / "guard")
        call(self.program, "init", "--store", self.store, "--organization", "example.org", *keys)

    def __call__(self, *arguments: str | Path) -> Called:
        return call(self.program, *arguments, "--store", self.store)

    def size(self) -> Size:
        return size(self.store)

    def folded_size(self, work: Path) -> int:
        """In bytes, of its databases once their write-ahead logs are folded into copies of them."""
        with tempfile.TemporaryDirectory(dir=work) as folder:
            for file in self.store.glob("*.sqlite*"):
                if not file.name.endswith("-shm"):
                    shutil.copy(file, folder)
            for file in Path(folder).glob("*.sqlite"):
                with contextlib.closing(sqlite3.connect(file)) as database:
                    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return sum(file.stat().st_size for file in Path(folder).glob("*.sqlite"))


def median_milliseconds(calls: Iterator[Called]) -> float:
    return 1000 * statistics.median(called.seconds for called in calls)


def processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


def machine() -> str:
    return (
        f"{len(os.sched_getaffinity(0))} cores, {processor()}, load {os.getloadavg()[0]:.1f};"
        f" {platform.system()} {platform.release()}; Python {platform.python_version()}"
    )


def disk(work: Path) -> str:
    """What the disk does at best, for figures that it limits."""
    settle()
    block = os.urandom(1 << 20)
    with open(work / "disk", "wb", buffering=0) as file:
        start = time.perf_counter()
        for _ in range(1024):
            file.write(block)
        os.fsync(file.fileno())
        rate = (1 << 30) / (time.perf_counter() - start) / MB
        waits = []
        for _ in range(100):
            start = time.perf_counter()
            file.write(block[:4096])
            os.fsync(file.fileno())
            waits.append(time.perf_counter() - start)
    (work / "disk").unlink()
    wait = 1000 * statistics.median(waits)
    return f"disk: {rate:,.0f} MB/s when 1 GiB is written and synced, an fsync of {wait:.1f} ms"


class Aim(NamedTuple):
    text: str
    met: bool


def at_least(value: float, limit: float) -> Aim:
    return Aim(f"≥ {limit:,}", value >= limit)


def at_most(value: float, limit: float) -> Aim:
    return Aim(f"≤ {limit:,}", value <= limit)


def below(value: float, limit: float) -> Aim:
    return Aim(f"< {limit:,}", value < limit)


class Table:
    """A Markdown table, a line a figure, printed as they come."""

    def __init__(self, *columns: str, aims: bool = True) -> None:
        self.all_met = True
        self.columns = len(columns)
        self.aims = aims
        heads = columns + (("aim", "met") if aims else ())
        print("| " + " | ".join(heads) + " |")
        print("|---|" + "---:|" * (len(heads) - 2) + ("---|" if aims else "---:|"), flush=True)

    def row(self, *cells: str, aim: Aim | None = None) -> None:
        line = list(cells) + [""] * (self.columns - len(cells))
        if self.aims:
            line += [aim.text, "yes" if aim.met else "NO"] if aim else ["", ""]
        if aim:
            self.all_met = self.all_met and aim.met
        print("| " + " | ".join(line) + " |", flush=True)
