#!/usr/bin/env python3
"""Writes data for the benchmarks: the same arguments give the same bytes for ever.

usage: make_data.py table FILE ROWS PEOPLE
           a CSV with rows of 200 bytes: id, client, day, rating, answer
       make_data.py changed-table FROM TO COUNT SEED CHANGES
           the same with COUNT rows rated and answered anew, and those rows alone
       make_data.py tree FOLDER FILES PEOPLE
           text files of 200 to 8,000 bytes, a folder for each of the people
       make_data.py changed-tree FOLDER COUNT SEED
           writes COUNT of its files anew
       make_data.py text FILE BYTES
       make_data.py random FILE BYTES
"""

import random
import shutil
import sys
from itertools import accumulate
from pathlib import Path

HEADER = b"id,client,day,rating,answer\n"
ROW_SIZE = 200
FIXED_SIZE = len('00000000,client-000000,2026-01-01,')
ANSWER_SIZE = ROW_SIZE - FIXED_SIZE - len('1,""\n')
BLOCK_SIZE = 1 << 20


class Text:
    """Sentences of made-up words, which come as often as words do (Zipf's law).

    Deflate leaves 37 % of much, 47 % of 4 KiB: about as of what counselors write (35 %, 46 %). The
    order of the sentences is random, so that no program finds a long text twice.
    """

    WORDS = 20_000
    SENTENCES = 1 << 16

    def __init__(self, source: random.Random) -> None:
        self.source = source
        sounds = [a + b for a in "bcdfghklmnprstvw" for b in ("a", "e", "i", "o", "u", "en", "or")]
        words = ["".join(source.choices(sounds, k=1 + rank % 4)) for rank in range(self.WORDS)]
        weights = list(accumulate(1 / (rank + 2.7) for rank in range(self.WORDS)))
        self.sentences = []
        for _ in range(self.SENTENCES):
            said = source.choices(words, cum_weights=weights, k=source.randrange(6, 20))
            half = len(said) // 2
            sentence = " ".join(said[:half]) + ", " + " ".join(said[half:])
            self.sentences.append(sentence.capitalize() + ". ")

    def take(self, size: int) -> bytes:
        text = ""
        while len(text) < size:
            count = (size - len(text)) // 100 + 1
            text += "".join(self.source.choices(self.sentences, k=count))
        return text[:size].encode()


def answer(text: Text) -> bytes:
    return b'%d,"%s"\n' % (text.source.randrange(1, 6), text.take(ANSWER_SIZE))


def table(path: str, rows: str, people: str) -> None:
    text = Text(random.Random(1))
    with open(path, "wb") as file:
        file.write(HEADER)
        for row in range(int(rows)):
            # The rows of one person stand far apart.
            day = f"2026-{row % 12 + 1:02d}-{row % 28 + 1:02d}"
            head = f"{row:08d},client-{row * 7 % int(people):06d},{day},"
            file.write(head.encode() + answer(text))


def changed_table(before: str, after: str, count: str, seed: str, changes: str) -> None:
    text = Text(random.Random(int(seed)))
    shutil.copyfile(before, after)
    with open(after, "r+b") as file, open(changes, "wb") as changed:
        changed.write(HEADER)
        rows = (file.seek(0, 2) - len(HEADER)) // ROW_SIZE
        for row in sorted(text.source.sample(range(rows), int(count))):
            start = len(HEADER) + row * ROW_SIZE
            file.seek(start)
            head = file.read(FIXED_SIZE)
            line = head + answer(text)
            file.seek(start)
            file.write(line)
            changed.write(line)


def small(text: Text) -> bytes:
    return text.take(int(200 * 40 ** text.source.random()))


def tree(folder: str, files: str, people: str) -> None:
    text = Text(random.Random(2))
    for number in range(int(files)):
        person = Path(folder) / f"client-{number % int(people):06d}"
        if number < int(people):
            person.mkdir(parents=True)
        (person / f"session-{number // int(people):04d}.txt").write_bytes(small(text))


def changed_tree(folder: str, count: str, seed: str) -> None:
    text = Text(random.Random(int(seed)))
    for file in text.source.sample(sorted(Path(folder).glob("*/*.txt")), int(count)):
        file.write_bytes(small(text))


def blocks(path: str, size: str, block) -> None:
    left = int(size)
    with open(path, "wb") as file:
        while left > 0:
            left -= file.write(block(min(BLOCK_SIZE, left)))


def text(path: str, size: str) -> None:
    blocks(path, size, Text(random.Random(3)).take)


def random_bytes(path: str, size: str) -> None:
    blocks(path, size, random.Random(4).randbytes)


KINDS = {
    "table": table,
    "changed-table": changed_table,
    "tree": tree,
    "changed-tree": changed_tree,
    "text": text,
    "random": random_bytes,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in KINDS:
        sys.exit(__doc__)
    KINDS[sys.argv[1]](*sys.argv[2:])
