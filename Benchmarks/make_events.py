#!/usr/bin/env python3
"""Writes events for the benchmarks: the same arguments give the same bytes for ever.

usage: make_events.py EVENTS CONTENT_BYTES EVENTS_PER_SUBJECT > events.ndjson

One line an event, members in a fixed order, no white space: the C yardstick reads no other form.
Each content is a JSON object of exactly CONTENT_BYTES bytes.
"""

import random
import sys

EMOTIONS = ["anger", "disgust", "fear", "joy", "neutral", "sadness", "surprise"]
LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"


def content(source: random.Random, index: int, size: int) -> str:
    start = 1250 * index
    head = (
        f'{{"emotion":"{source.choice(EMOTIONS)}","score":0.{source.randrange(10**6):06d},'
        f'"start_ms":{start},"end_ms":{start + source.randrange(200, 1250)},"trace":"'
    )
    tail = '"}'
    # Random letters, so that no program gains by compressing what real contents would not allow.
    filler = size - len(head) - len(tail)
    if filler < 0:
        sys.exit(f"contents have at least {size - filler} bytes")
    return head + "".join(source.choices(LETTERS, k=filler)) + tail


def main() -> None:
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    events, size, per_subject = map(int, sys.argv[1:])
    source = random.Random(20260101)
    for index in range(events):
        # A stream's parts must never be a subject's identifier, hence two different words.
        number = index // per_subject + 1
        sys.stdout.write(
            f'{{"stream":"conversation/{number:06d}","type":"emotion.scored",'
            f'"subjects":["subject-{number:06d}"],"content":{content(source, index, size)}}}\n'
        )


if __name__ == "__main__":
    main()
