"""Runs Custody and its yardsticks in turn and prints the table; `run` prepares and calls it."""

import argparse
import base64
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parent
HEAD_RUNS = 20


class Measured:
    """What one program reached in every round, in events a second."""

    def __init__(self) -> None:
        self.rates: list[float] = []

    def __str__(self) -> str:
        if not self.rates:
            return "not measured"
        return f"{self.median:,.0f} ({max(self.rates):,.0f})"

    @property
    def median(self) -> float:
        return statistics.median(self.rates)


def call(*arguments: str | Path) -> tuple[float, str]:
    """Wall-clock seconds and standard output; a program that fails ends the measurement."""
    start = time.perf_counter()
    done = subprocess.run(
        [str(a) for a in arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    seconds = time.perf_counter() - start
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, arguments))}: status {done.returncode}\n{done.stderr}")
    return seconds, done.stdout


def settle() -> None:
    # What one program left to be written must not slow down the next one.
    os.sync()


def own_rate(output: str) -> float:
    """The rate in a yardstick's line: `N events S seconds R events/s`, perhaps behind a root."""
    return float(output.split()[-2])


def fresh(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    return folder


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        self.work: Path = options.work
        self.rounds: int = options.rounds
        self.count: int = options.events
        self.custody: str = options.custody
        self.python: str = options.python
        self.events = self.work / "events.ndjson"
        self.yardstick = self.work / "ledger"
        self.store = self.work / "custody" / "store"

    # Custody is timed from outside, with its start, keys and signatures; the yardsticks by their
    # own clocks, without their start. What is unequal in that favors the yardsticks.

    def custody_append(self) -> float:
        folder = fresh(self.work / "custody")
        keys = ("--secrets", folder / "secrets", "--guard", folder / "guard")
        store = ("--store", self.store)
        call(self.custody, "init", *store, "--organization", "example.org", *keys)
        settle()
        seconds, _ = call(self.custody, "append", *store, "--events", self.events, "--register")
        return self.count / seconds

    def c_append(self) -> float:
        folder = fresh(self.work / "c")
        settle()
        rate = own_rate(call(self.yardstick, "append", self.events, folder)[1])
        shutil.rmtree(folder)
        return rate

    def python_append(self) -> float:
        folder = fresh(self.work / "python")
        settle()
        program = HERE / "yardstick" / "eventsourcing_append.py"
        rate = own_rate(call(self.python, program, self.events, folder / "events.sqlite")[1])
        shutil.rmtree(folder)
        return rate

    def custody_verify(self) -> float:
        seconds, _ = call(self.custody, "verify", "--store", self.store, "--level", "bodies")
        return self.stored_count / seconds

    def c_verify(self) -> float:
        return own_rate(call(self.yardstick, "verify", self.store / "ledger.sqlite")[1])

    def alternate(self, name: str, programs: dict[str, Callable[[], float]]) -> dict[str, Measured]:
        measured = {program: Measured() for program in ("custody", "c", "python")}
        order = list(programs)
        for number in range(self.rounds):
            for program in order:
                rate = programs[program]()
                measured[program].rates.append(rate)
                print(f"{name} {number + 1}: {program} {rate:,.0f} events/s", file=sys.stderr)
            order = order[1:] + order[:1]  # nobody is always first
        return measured

    def measure_append(self) -> dict[str, Measured]:
        programs: dict[str, Callable[[], float]] = {"c": self.c_append}
        if self.custody:
            programs["custody"] = self.custody_append
        if self.python:
            programs["python"] = self.python_append
        return self.alternate("append", programs)

    def measure_verify(self) -> dict[str, Measured]:
        # The first reading warms the page cache for all, and shows that the two agree.
        line = call(self.yardstick, "verify", self.store / "ledger.sqlite")[1].split()
        self.stored_count = int(line[1])
        self.check_root(line[0])
        return self.alternate("verify", {"c": self.c_verify, "custody": self.custody_verify})

    def check_root(self, root: str) -> None:
        with self.read_ledger() as ledger:
            row = ledger.execute(
                "SELECT size, note FROM audit_checkpoint ORDER BY size DESC LIMIT 1"
            ).fetchone()
        if row is None or row[0] != self.stored_count:
            sys.exit("no checkpoint covers the whole ledger after `custody append`")
        signed = base64.b64decode(row[1].split("\n")[2]).hex()
        if signed != root:
            sys.exit(f"the roots differ: Custody signed {signed}, the yardstick computed {root}")

    def read_ledger(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.store / 'ledger.sqlite'}?mode=ro", uri=True)

    def head_milliseconds(self) -> float:
        arguments = (self.custody, "head", "--store", self.store)
        call(*arguments)
        return 1000 * statistics.median(call(*arguments)[0] for _ in range(HEAD_RUNS))

    def size_on_disk(self) -> int:
        names = ("ledger.sqlite", "ledger.sqlite-wal")
        files = [self.store / name for name in names]
        return sum(file.stat().st_size for file in files if file.exists())

    def size_of_events(self) -> int:
        # Format.md §1: claim 111 bytes, seal 72, place 56, and three strings and the key ids.
        with self.read_ledger() as ledger:
            (size,) = ledger.execute(
                "SELECT sum(111 + 72 + 56"
                " + length(CAST(stream AS BLOB)) + length(CAST(type AS BLOB))"
                " + length(CAST(actor AS BLOB)) + length(key_ids)"
                " + coalesce(length(body), 0)) FROM audit_event"
            ).fetchone()
        return size


def processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.machine()


class Table:
    def __init__(self) -> None:
        self.all_met = True
        print("| figure | Custody | yardstick | ratio | bar | met |")
        print("|---|---:|---:|---:|---:|---|")

    def row(
        self, figure: str, custody: str, yardstick: str, ratio: str, bar: str, met: bool
    ) -> None:
        self.all_met = self.all_met and met
        answer = "yes" if met else "no"
        print(f"| {figure} | {custody} | {yardstick} | {ratio} | {bar} | {answer} |")

    def rate_row(self, figure: str, custody: Measured, yardstick: Measured, bar: float) -> None:
        ratio, met = "", False
        if custody.rates and yardstick.rates:
            value = custody.median / yardstick.median
            ratio, met = f"{value:.2f}", value >= bar
        self.row(figure, str(custody), str(yardstick), ratio, f"≥ {bar}", met)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--custody", required=True, help="empty: measure the yardsticks only")
    parser.add_argument("--python", required=True, help="empty: skip the Python yardstick")
    bench = Bench(parser.parse_args())

    append = bench.measure_append()
    if bench.custody:
        # Sizes first: whoever opens the file next may fold the WAL into it.
        on_disk = bench.size_on_disk()
        of_events = bench.size_of_events()
        verify = bench.measure_verify()
        head = bench.head_milliseconds()

    versions = call(bench.yardstick, "selftest")[1].strip().split("; ", 1)[1]
    print(
        f"{len(os.sched_getaffinity(0))} cores, {processor()}; {platform.system()}"
        f" {platform.release()}; {versions}; Python {platform.python_version()}"
    )
    print(f"{bench.count:,} events; events/s as the median (best) of {bench.rounds} rounds\n")
    table = Table()
    table.rate_row("append, against C", append["custody"], append["c"], 0.75)
    table.rate_row("append, against eventsourcing", append["custody"], append["python"], 1.2)
    if not bench.custody:
        return 1
    table.rate_row("verify, against C", verify["custody"], verify["c"], 1.2)
    table.row("head, median of 20", f"{head:.1f} ms", "", "", "< 30 ms", head < 30)
    figure, ratio = "database, against headers and bodies", on_disk / of_events
    sizes = f"{on_disk:,} bytes", f"{of_events:,} bytes"
    table.row(figure, *sizes, f"{ratio:.3f}", "≤ 1.15", ratio <= 1.15)
    return 0 if table.all_met else 1


if __name__ == "__main__":
    sys.exit(main())
