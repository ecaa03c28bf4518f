#!/usr/bin/env python3
"""Loads PROV-JSON documents with the library prov, one a line of standard input.

For each it prints how many records the document has, after writing them as PROV-JSON and reading that
again, and as PROV-XML. Needs prov and lxml from PyPI; Custody does not need this program.
"""

import sys

from prov.model import ProvDocument

for line in sys.stdin.buffer:
    document = ProvDocument.deserialize(content=line.decode("utf-8"), format="json")
    again = ProvDocument.deserialize(content=document.serialize(format="json"), format="json")
    assert document == again, "it reads what it wrote as another document"
    document.serialize(format="xml")
    print(len(document.get_records()))
