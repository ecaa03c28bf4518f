#!/usr/bin/env python3
"""A yardstick for `custody append`: the Python library `eventsourcing`, as it is meant to be used.

usage: eventsourcing_append.py EVENTS.ndjson DATABASE.sqlite [BATCH=1000]

The same lines and streams as Custody's: each line becomes a domain event, its Mapper writes JSON
and its AESCipher (AES-256-GCM) seals it, and one call of the recorder stores a batch in one
transaction. Of the library's two AESCipher classes this is the one over `cryptography`, that is
OpenSSL: the default one, over `pycryptodome`, makes the whole program less than half as fast.

What is durable: the library opens SQLite with `journal_mode=WAL` and sets nothing else, so SQLite's
own defaults hold: `synchronous=FULL` (one fsync a commit, as Custody's) and a WAL checkpoint every
1,000 pages. The application recorder is used, the one that gives events a global order; it has
one index, no hash chain, no tree, and one key for everybody.
"""

import json
import sys
import time
from datetime import datetime, timezone
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from eventsourcing.cryptography import AESCipher
from eventsourcing.domain import DomainEvent
from eventsourcing.persistence import (
    DatetimeAsISO,
    InfrastructureFactory,
    JSONTranscoder,
)


class ContentRecorded(DomainEvent):
    type: str
    content: dict[str, Any]


class Appender:
    def __init__(self, database: str) -> None:
        factory = InfrastructureFactory.construct(
            {
                "PERSISTENCE_MODULE": "eventsourcing.sqlite",
                "SQLITE_DBNAME": database,
                "CIPHER_TOPIC": "eventsourcing.cryptography:AESCipher",
                "CIPHER_KEY": AESCipher.create_key(num_bytes=32),
            }
        )
        transcoder = JSONTranscoder()
        transcoder.register(DatetimeAsISO())
        self.mapper = factory.mapper(transcoder=transcoder)
        self.recorder = factory.application_recorder()
        self.streams: dict[str, tuple[UUID, int]] = {}

    def event(self, line: str) -> ContentRecorded:
        value = json.loads(line)
        stream = value["stream"]
        if stream not in self.streams:
            self.streams[stream] = (uuid5(NAMESPACE_URL, stream), 0)
        originator_id, version = self.streams[stream]
        self.streams[stream] = (originator_id, version + 1)
        return ContentRecorded(
            originator_id=originator_id,
            originator_version=version + 1,
            timestamp=datetime.now(tz=timezone.utc),
            type=value["type"],
            content=value["content"],
        )

    def append(self, lines: list[str]) -> None:
        to_stored_event = self.mapper.to_stored_event
        self.recorder.insert_events([to_stored_event(self.event(line)) for line in lines])


def main() -> None:
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    events, database = sys.argv[1:3]
    batch = int(sys.argv[3]) if len(sys.argv) == 4 else 1000
    if Path(database).exists():
        sys.exit(f"{database} exists: this makes a new database")
    appender = Appender(database)
    count = 0
    with open(events, encoding="utf-8") as file:
        # The interpreter's start and the imports are not counted, to the library's advantage.
        start = time.perf_counter()
        while lines := list(islice(file, batch)):
            appender.append(lines)
            count += len(lines)
        seconds = time.perf_counter() - start
    print(f"{count} events {seconds:.3f} seconds {count / seconds:.0f} events/s")


if __name__ == "__main__":
    main()
