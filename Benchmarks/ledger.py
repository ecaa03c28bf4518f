"""Measures the ledger and its yardsticks in turn; `run` prepares and calls it."""

import argparse
import base64
import os
import shutil
import sqlite3
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

from measure import (
    HERE,
    Aim,
    Custody,
    Table,
    at_least,
    at_most,
    below,
    call,
    machine,
    median_milliseconds,
    note,
    settle,
)

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
        self.has_custody = bool(options.custody)
        self.python: str = options.python
        self.events = self.work / "events.ndjson"
        self.yardstick = self.work / "ledger"

    # Custody is timed from outside, with its start, keys and signatures; the yardsticks by their
    # own clocks, without their start. What is unequal in that favors the yardsticks.

    def custody_append(self) -> float:
        self.custody = Custody(fresh(self.work / "custody"))
        settle()
        return self.count / self.custody("append", "--events", self.events, "--register").seconds

    def c_append(self) -> float:
        folder = fresh(self.work / "c")
        settle()
        rate = own_rate(call(self.yardstick, "append", self.events, folder).output)
        shutil.rmtree(folder)
        return rate

    def python_append(self) -> float:
        folder = fresh(self.work / "python")
        settle()
        program = HERE / "yardstick" / "eventsourcing_append.py"
        rate = own_rate(call(self.python, program, self.events, folder / "events.sqlite").output)
        shutil.rmtree(folder)
        return rate

    def custody_verify(self) -> float:
        return self.stored_count / self.custody("verify", "--level", "bodies").seconds

    def c_verify(self) -> float:
        return own_rate(call(self.yardstick, "verify", self.custody.store / "ledger.sqlite").output)

    def evict(self) -> None:
        """Takes the ledger out of the page cache, so that it is read from the disk."""
        settle()
        ledger = os.open(self.custody.store / "ledger.sqlite", os.O_RDONLY)
        os.posix_fadvise(ledger, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(ledger)

    def measure_cold(self) -> tuple[float, float]:
        """Seconds that verifying and merely reading take when nothing of the file is in memory."""
        verifying, reading = [], []
        for number in range(self.rounds):
            self.evict()
            verifying.append(self.custody("verify", "--level", "bodies").seconds)
            self.evict()
            start = time.perf_counter()
            with open(self.custody.store / "ledger.sqlite", "rb", buffering=0) as ledger:
                while ledger.read(1 << 20):
                    pass
            reading.append(time.perf_counter() - start)
            note(f"cold {number + 1}: verified in {verifying[-1]:.2f} s, read in {reading[-1]:.2f} s")
        return statistics.median(verifying), statistics.median(reading)

    def alternate(self, name: str, programs: dict[str, Callable[[], float]]) -> dict[str, Measured]:
        measured = {program: Measured() for program in ("custody", "c", "python")}
        order = list(programs)
        for number in range(self.rounds):
            for program in order:
                rate = programs[program]()
                measured[program].rates.append(rate)
                note(f"{name} {number + 1}: {program} {rate:,.0f} events/s")
            order = order[1:] + order[:1]  # nobody is always first
        return measured

    def measure_append(self) -> dict[str, Measured]:
        programs: dict[str, Callable[[], float]] = {"c": self.c_append}
        if self.has_custody:
            programs["custody"] = self.custody_append
        if self.python:
            programs["python"] = self.python_append
        return self.alternate("append", programs)

    def measure_verify(self) -> dict[str, Measured]:
        # The first reading warms the page cache for all, and shows that the two agree.
        line = call(self.yardstick, "verify", self.custody.store / "ledger.sqlite").output.split()
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
        return sqlite3.connect(f"file:{self.custody.store / 'ledger.sqlite'}?mode=ro", uri=True)

    def head_milliseconds(self) -> float:
        self.custody("head")
        return median_milliseconds(self.custody("head") for _ in range(HEAD_RUNS))

    def size_on_disk(self) -> int:
        names = ("ledger.sqlite", "ledger.sqlite-wal")
        files = [self.custody.store / name for name in names]
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


def rate_row(table: Table, figure: str, custody: Measured, yardstick: Measured, bar: float) -> None:
    if custody.rates and yardstick.rates:
        ratio = custody.median / yardstick.median
        table.row(figure, str(custody), str(yardstick), f"{ratio:.2f}", aim=at_least(ratio, bar))
    else:
        table.row(figure, str(custody), str(yardstick), aim=Aim(f"≥ {bar}", False))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--work", type=Path, required=True)
    parser.add_argument("--rounds", type=int, required=True)
    parser.add_argument("--events", type=int, required=True)
    parser.add_argument("--custody", required=True, help="empty: measure the yardsticks only")
    parser.add_argument("--python", required=True, help="empty: skip the Python yardstick")
    bench = Bench(parser.parse_args())

    append = bench.measure_append()
    if bench.has_custody:
        # Sizes first: whoever opens the file next may fold the WAL into it.
        on_disk = bench.size_on_disk()
        of_events = bench.size_of_events()
        verify = bench.measure_verify()
        cold, reading = bench.measure_cold()
        head = bench.head_milliseconds()

    versions = call(bench.yardstick, "selftest").output.strip().split("; ", 1)[1]
    print(f"{machine()}; {versions}")
    print(f"{bench.count:,} events; events/s as the median (best) of {bench.rounds} rounds\n")
    table = Table("figure", "Custody", "yardstick", "ratio")
    rate_row(table, "append, against C", append["custody"], append["c"], 0.75)
    rate_row(table, "append, against eventsourcing", append["custody"], append["python"], 1.2)
    if not bench.has_custody:
        return 1
    rate_row(table, "verify, against C", verify["custody"], verify["c"], 1.2)
    warm = bench.stored_count / verify["custody"].median
    ratio = cold / max(warm, reading)
    table.row(
        "verify, cold, s; warm or reading the file, whichever takes longer",
        f"{cold:.2f}",
        f"{max(warm, reading):.2f}",
        f"{ratio:.2f}",
        aim=at_most(ratio, 1.3),
    )
    table.row("head, median of 20, ms", f"{head:.1f}", aim=below(head, 30))
    ratio = on_disk / of_events
    sizes = f"{on_disk:,}", f"{of_events:,}", f"{ratio:.3f}"
    table.row("database, against headers and bodies, bytes", *sizes, aim=at_most(ratio, 1.15))
    return 0 if table.all_met else 1


if __name__ == "__main__":
    sys.exit(main())
