#!/usr/bin/env python3
"""Print the tree root that pymerkle (PyPI, version 7) computes of each line of standard input, a JSON array of entries in
hexadecimal digits. Its leaves are RFC 6962's: SHA-256(0x00 || entry)."""
import json, sys
from pymerkle import InmemoryTree

for line in sys.stdin:
    print(InmemoryTree.init_from_entries([bytes.fromhex(entry) for entry in json.loads(line)], algorithm="sha256").get_root().hex())
