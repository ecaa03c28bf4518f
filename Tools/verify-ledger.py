#!/usr/bin/env python3
"""Verify what Custody hands to others: a second opinion, written from Format.md alone. PATH is a ledger (a copy or a store's
folder; level "bodies", without keys, objects left out), a folder of tiles, a proof file, a consistency file (the older
checkpoint is the --anchor), a disclosure, a range of events or a certificate of an erasure. Exit 0: holds, 1: each finding is
a line, 2: wrong usage."""
import argparse, base64, collections, functools, hashlib, heapq, itertools, json, os, pathlib, re, sqlite3, struct, sys, uuid
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOP, MIB, findings = 2**63 - 1, 1 << 20, []         # a u64 of the format is below 2^63
class Text(bytes): "A value of SQLite's class TEXT: not decoded, and told apart from a BLOB."
Checkpoint = collections.namedtuple("Checkpoint", "origin prefix ledger incarnation size root")
Header = collections.namedtuple("Header", "magic flags ledger event_id correlation_id causation_id occurred_at s stream t type "
    "type_version a actor n key_ids nonce body_length body_hash commitment position previous recorded_at revision")
COLUMNS = [name for name in Header._fields if len(name) > 1 and name not in ("magic", "ledger", "previous")]
KINDS = [int, *[bytes] * 3, int, Text, Text, int, Text, bytes, bytes, int, bytes, bytes, int, int, int, bytes]
Row = collections.namedtuple("Row", [*COLUMNS, "leaf", "body"])
def must(holds, expected, found):                   # what is refused is a ValueError, as it is in Python's decoders
    if not holds: raise ValueError(f"expected {expected}, found {ascii(found.hex() if type(found) is bytes else found)[:200]}")
def finding(where, problem):
    findings.append(where)
    print(where if isinstance(where, str) else f"position {where}", re.sub("[^ -~]", "?", str(problem)), sep=": ")
def sha(*parts): return hashlib.sha256(b"".join(parts)).digest()
def node(left, right): return hashlib.sha256(b"\1" + left + right).digest()
class Tree(list):                                   # size and root of full subtrees, from left to right
    def add(self, leaf, size=1):
        while self and self[-1][0] == size: leaf, size = node(self.pop()[1], leaf), 2 * size
        self.append((size, leaf))
        return self
    def root(self): return functools.reduce(lambda right, left: node(left, right), [root for _, root in self[::-1]] or [sha()])
def root_of(leaves): return functools.reduce(Tree.add, leaves, Tree()).root()
def half(size): return 1 << (size - 1).bit_length() - 1     # the largest power of two below
def climb(index, size, leaf, hashes):               # RFC 6962 2.1.1, from the root's side on
    if size == 1: return leaf
    k, other = half(size), hashes.pop()
    return node(climb(index, k, leaf, hashes), other) if index < k else node(other, climb(index - k, size - k, leaf, hashes))
def both_roots(old, size, hashes, root=None):       # 2.1.2: of the first `old` leaves, whose root may be known, and of all
    if old == size: return (root or hashes.pop(),) * 2
    k, other = half(size), hashes.pop()
    left, right = both_roots(old, k, hashes, root) if old <= k else both_roots(old - k, size - k, hashes)
    return (left, node(right, other)) if old <= k else (node(other, left), node(other, right))

def parse(form, text):                              # [[ and ]] are brackets, # is a number, <n> the digits of n bytes
    form = form.replace("[[", r"\[").replace("]]", r"\]").replace("#", "(0|[1-9][0-9]{0,18})")
    match = re.fullmatch(form.replace("<16>", "[0-9a-f]{32}").replace("<32>", "[0-9a-f]{64}"), text)
    return must(match, f"the form {ascii(form)}", text) or match
def number(text): return must(int(parse("#", text)[0]) <= TOP, "a number below 2^63", text) or int(text)
def unbase64(text, length=None):
    value = base64.b64decode(text, validate=True)   # which leaves the bits alone that padding hides
    must(base64.b64encode(value).decode() == text and length in (None, len(value)), f"canonical base64, {length} bytes", text)
    return value
def hash_lines(text): return [unbase64(line, 32) for line in text.split("\n")[:-1]]
def read(path, limit=64 * MIB):
    must(os.path.isfile(path) and os.path.getsize(path) <= limit, f"a file of at most {limit} bytes", path)
    with open(path, "rb") as file: return file.read()
def parse_origin(text):                             # origin, prefix of all incarnations, ledger id, incarnation
    m = parse(r'(([^\0-\x1f\x7f-\x9f\s+"\\]+)/([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})/)([1-9][0-9]*)', text)
    must(len(m[2].encode()) <= 256, "an organization of 1 to 256 bytes", m[2])
    return text, m[1], uuid.UUID(m[3]).bytes, number(m[4])
def key_id(name, raw): return sha(name.encode(), b"\n", raw)[:4]
def verifier_key(text):                             # type, name or prefix of the names, public key
    name, code, encoded = text.split("+", 2)
    raw = unbase64(encoded, 33)
    must(raw[0] in (1, 4) and code == key_id(name, raw).hex(), "a verifier key of type 1 or 4", text)
    return raw[:1], parse_origin(name)[1] if raw[0] == 1 else name, raw[1:], -1
def open_note(note, keys):      # the checkpoint; a line of any known key has to verify, one by the ledger has to be there
    m = parse("((.+)\n(.+)\n(.+)\n)\n((?:\u2014 [^\\s+\0-\x1f\x7f-\x9f]+ [^ =\n]{7,}=*\n){1,100})", note.decode())
    checkpoint, signed = Checkpoint(*parse_origin(m[2]), number(m[3]), unbase64(m[4], 32)), False
    for signer, encoded in re.findall("\u2014 (.+) (.+)\n", m[5]):
        raw = unbase64(encoded)
        for kind, name, key, since in keys:         # the same key may sign every incarnation
            if kind == b"\1" and re.fullmatch("[1-9][0-9]*", signer.removeprefix(name)): name = signer
            if (name, raw[:4]) != (signer, key_id(signer, kind + key)) or since >= checkpoint.size: continue
            head = f"cosignature/v1\ntime {int.from_bytes(raw[4:12], 'big')}\n" if kind == b"\4" else ""
            try: Ed25519PublicKey.from_public_bytes(key).verify(raw[12 if head else 4:], f"{head}{m[1]}".encode())
            except InvalidSignature: must(False, f"a signature by {signer} that verifies", None)
            must(not head or raw[4] < 128, "a time below 2^63", encoded)
            signed |= not head and signer == m[2]
    must(signed and len(note) <= MIB, "a line by a trusted key of the ledger, and at most 1 MiB", m[0])
    return checkpoint
def open_notes(notes, keys):                        # size, name and checkpoint of those that verify
    for name, size, note in notes:
        try:
            checkpoint = open_note(note if type(note) is Text else b"", keys)
            must(size is None or type(size) is int and size == checkpoint.size, "a note of this size", checkpoint.size)
            yield checkpoint.size, name, checkpoint
        except ValueError as problem: finding(f"file: {name} {ascii(size)}", problem)

FORMS = {                                           # section 4, byte for byte
    b"ledger.created": r'{"organization":"([^"\\]+)"}',
    b"key.created": '{"key":"(?:<16>","purpose":"(?:operations|epoch|run|group)|(<32>)","purpose":"signing)"}',
    b"key.destroyed": '{"keys":[[("<16>"(?:,"<16>")*)]],"reason":"(?:erasure|expiry|rotation)","request":(?:null|#)}',
    b"ledger.purged": '{"reason":"(?:erasure|expiry)","request":(?:null|#),"positions":[[((?:[[#,#]](?:,(?=[[)|(?=]])))*)]],'
                      '"leaves":"(<32>)","objects":"<32>"}',
    b"ledger.restored": r'{"size":#,"root":"(<32>)","incarnation":#,"lost":(?:null|{"origin":"([^"\\]+)","size":#,"root":'
                        '"(<32>)"})}'}
def explain(e, prefix, incarnation):                # keys that are gone; or ranges and leaves; or root, incarnation and loss
    m, unhex = parse(FORMS[e.type], e.body.decode()), bytes.fromhex
    if e.type == b"ledger.created": must(m[1] == prefix[:-38], "the organization of audit_ledger's origin", m[1])
    if e.type == b"ledger.restored":
        must(number(m[1]) == e.position and number(m[3]) > incarnation, "its own position, a new incarnation", m[0])
        return unhex(m[2]), int(m[3]), m[4] and Checkpoint(*parse_origin(m[4]), number(m[5]), unhex(m[6]))
    if e.type not in (b"key.destroyed", b"ledger.purged"): return None
    must(all(int(n) < e.position for n in re.findall("[:,[]([0-9]+)", m[0])), "positions below its own", m[0])
    if e.type == b"key.destroyed": return {*map(unhex, re.findall("[0-9a-f]+", m[1]))}
    ranges = [(int(low), int(high)) for low, high in re.findall("([0-9]+),([0-9]+)", m[2])]
    must(all(a <= b for a, b in ranges) and all(x[1] + 1 < y[0] for x, y in zip(ranges, ranges[1:])), "ranges apart", m[2])
    return ranges, unhex(m[5])
def layout(s, t, a, n): return f">5sB16s16s16s16sqH{s}sH{t}sHH{a}sB{16 * n}s24sQ32s32sQ32sqQ"
class Chain:                    # what the headers before say of the next, from position `first` on; receipts that must agree
    def __init__(self, ledger, receipts, first=0):
        self.ledger, self.receipts, self.first, self.time, self.ids, self.revisions = ledger, receipts, first, ~TOP, set(), {}
    def add(self, raw, at, before=None):            # the header at this position after this leaf, and its own leaf
        def u16(at): return int.from_bytes(raw[at:at + 2], "big")
        form = layout(s := u16(78), t := u16(80 + s), a := u16(84 + s + t), int.from_bytes(raw[86 + s + t + a:][:1], "big"))
        must(len(raw) == struct.calcsize(form), f"a header of {struct.calcsize(form)} bytes", raw)
        h, leaf = Header._make(struct.unpack(form, raw)), sha(b"\0", raw)
        must((h.magic, h.ledger, h.position) == (b"CUST\1", self.ledger, at), f"version 1, {self.ledger.hex()}, {at}", h)
        due, time, count = self.revisions.get(h.stream, h.revision if self.first else 0), self.time, len(self.ids)
        self.ids.add(h.event_id)
        self.time, self.revisions[h.stream] = h.recorded_at, h.revision + 1     # as it says, so that one fault is found once
        keys, own = [h.key_ids[i:i + 16] for i in range(0, 16 * h.n, 16)], h.type in {*FORMS, b"checkpoint.timestamped"}
        must(h.n <= 8 and all(x < y for x, y in zip(keys, keys[1:])), "at most 8 key ids, ascending", keys)
        must(h.flags <= (h.n > 0) == any(h.nonce), "flags 0 or 1, flags and nonce 0 without keys", (h.flags, h.nonce, keys))
        for text in (h.stream, h.type, h.actor):
            must(0 < len(text) <= 512 and not re.search("[\0-\x1f\x7f-\x9f]", text.decode()), "a string", Text(text))
        must(max(h.body_length, h.revision) <= TOP, "numbers below 2^63", (h.body_length, h.revision))
        must(h.type_version == 1 if h.type in FORMS else not h.type.startswith((b"ledger.", b"key.")), "a type of section 4", h)
        must(own != (h.n > 0) and not (own and h.stream != b"ledger"), "no key, stream ledger: for the library's types", h)
        must((h.type == b"ledger.created") == (at == 0), "ledger.created at position 0, and only there", Text(h.type))
        must(any(h.event_id) and len(self.ids) > count, "an event id that is used once, and not zero", h.event_id)
        must(h.revision == due and h.recorded_at >= time, f"revision {due}, recorded_at from {time} on", h[-2:])
        must(h.previous == (before or h.previous if at else bytes(32)), "the leaf before as previous leaf", h.previous)
        for receipt in self.receipts.pop(at, ()):
            ids = {"ledger": str(uuid.UUID(bytes=h.ledger)), "id": str(uuid.UUID(bytes=h.event_id))}
            must({**ids, "revision": due, "leaf": leaf.hex()}.items() <= receipt.items(), f"{ascii(receipt)[:300]}", leaf)
        return h, leaf

def check_schema(db):                               # a plain selection: columns of tables that are joined by equality
    word = r"[A-Za-z_]\w*"
    column, table = rf"(?!current_){word}(?:\.{word})?(?: AS {word})?", rf"{word}(?: AS {word})?"
    plain = re.compile(rf"CREATE VIEW (?:audit_ledger|audit_event|audit_checkpoint) AS SELECT {column}(?: ?, ?{column})* FROM "
                       rf"{table}(?: (?:LEFT )?JOIN {table} ON {word}\.{word} = {word}\.{word})*", re.I | re.A)
    tables = {name.lower() for _, name, kind, *_ in db.execute("PRAGMA table_list") if kind == b"table"}
    schema = db.execute("SELECT type, sql FROM sqlite_master").fetchall()
    for kind, text in ((kind, " ".join((sql or b"").decode().split())) for kind, sql in schema):
        used = {name.lower().encode() for name in re.findall(rf"(?:FROM|JOIN) ({word})", text, re.I)}
        must(plain.fullmatch(text) and used <= tables if kind == b"view" else kind in (b"table", b"index") and
             re.match("CREATE (TABLE|INDEX|UNIQUE INDEX) |$", text), "tables, indexes, three views that select", text)
    must(sum(kind == b"view" for kind, _ in schema) == 3, "the three views of section 5", schema)
def verify_ledger(path, keys, anchors, receipts):
    file = pathlib.Path(path).resolve()             # a copy on read-only media is immutable, else it needs a -shm beside it
    mode = "mode=ro" if os.path.exists(f"{file}-wal") or os.access(file.parent, os.W_OK) else "immutable=1"
    db = sqlite3.connect(f"{file.as_uri()}?{mode}", uri=True, isolation_level=None)
    db.text_factory = Text
    for statement in ("PRAGMA trusted_schema=OFF", "PRAGMA cell_size_check=ON", "BEGIN"): db.execute(statement)
    check_schema(db)
    rows = db.execute("SELECT origin, id, incarnation, format FROM audit_ledger LIMIT 2").fetchall()
    _, prefix, id, _ = parse_origin(rows[0][0].decode())
    created = db.execute("SELECT position, body FROM audit_event WHERE type = 'key.created' AND typeof(body) = 'blob'")
    believed = [] if keys else [(b"\1", prefix, bytes.fromhex(key.decode()), at) for at, body in created
                                for key in re.findall(rb'\A{"key":"([0-9a-f]{64})","purpose":"signing"}\Z', body)]
    must(db.execute("SELECT count(*) = count(DISTINCT size) FROM audit_checkpoint").fetchone()[0], "one note for a size", None)
    notes = (("checkpoint", *row) for row in db.execute("SELECT size, note FROM audit_checkpoint ORDER BY size"))
    queue = heapq.merge(open_notes(notes, keys + believed), sorted(open_notes(anchors, keys + believed)))
    mark, newest, now, lost, unlike, holes, destroyed = next(queue, None), -1, 1, [], [], set(), set()
    chain, tree, count, previous = Chain(id, receipts), Tree(), 0, bytes(32)
    events = map(Row._make, db.execute(f"SELECT {', '.join(Row._fields)} FROM audit_event ORDER BY position"))
    for e in itertools.chain(events, [None]):
        while mark and (not e or mark[0] <= count):     # the checkpoints of this size with the tree as it is
            (size, name, c), mark, fits = mark, next(queue, None), (f"{prefix}{now}", count, tree.root().hex())
            if (c.origin, size, c.root.hex()) == fits: newest = size
            else:                                       # a loss, if a checkpoint that holds covers what explains it
                told = [at for at, new, gone in lost if at < size and name != "checkpoint" and c.incarnation < new and gone
                        and gone.origin == c.origin and (size < gone.size or c == gone)] + [TOP]
                unlike.append((told[0], f"file: {name} {size}", f"expected {fits}, found {c.origin}, {c.root.hex()}"))
        if not e: break
        if e.position != count: finding(count, f"expected the event, found {ascii(e.position)[:99]} next")
        if type(e.position) is not int or e.position < count: continue
        count = e.position
        try:
            must((kinds := [*map(type, e)])[:18] == KINDS and kinds[18] in (bytes, type(None)), "the types of section 5", kinds)
            s, t, a, n = len(e.stream), len(e.type), len(e.actor), len(e.key_ids) // 16
            raw = struct.pack(layout(s, t, a, n), b"CUST\1", e.flags, id, *e[1:5], s, e.stream, t, *e[6:8], a, e.actor, n,
                              *e[9:15], previous, *e[15:17])
            h, leaf = chain.add(raw, count)
            must(tuple(getattr(h, name) for name in COLUMNS) == e[:17], "the widths of section 5", e)
            must(leaf == e.leaf, f"leaf {leaf.hex()}", e.leaf)
            must(destroyed.isdisjoint(e.key_ids[i:i + 16] for i in range(0, 16 * n, 16)), "keys not destroyed", e.key_ids)
            found = e.body is not None and (len(e.body), sha(e.body).hex())
            must(found == (e.body_length, e.body_hash.hex()) if found else n, f"a body of hash {e.body_hash.hex()}", found)
            must(e.key_ids or sha(b"\0", bytes(32), e.body) == e.commitment, "the commitment of the body", e.commitment)
            if e.body is None: holes.add(count)
            said = explain(e, prefix, now) if e.type in FORMS else None
            if e.type == b"key.destroyed": destroyed |= said
            elif e.type == b"ledger.restored":
                must(said[0] == tree.root(), f"root {tree.root().hex()}", said[0])
                lost.append((count, now := said[1], said[2]))
            elif said:
                covered = [row for span in said[0] for row in db.execute(
                    "SELECT position, leaf, body IS NULL FROM audit_event WHERE position BETWEEN ? AND ? ORDER BY 1", span)]
                must(root_of(leaf for _, leaf, _ in covered) == said[1], "the root of the leaves", said[1])
                for at, _, bare in covered: holes.discard(at) if bare else finding(at, f"expected no body, purged at {count}")
        except (ValueError, TypeError, struct.error) as problem: finding(count, problem)
        previous, count = e.leaf if type(e.leaf) is bytes else b"", count + 1
        tree.add(previous)
    for at in sorted(holes): finding(at, "expected a body, or a later purge of it, found neither")
    if keys and newest < 0: finding("file", "expected a checkpoint signed by a given key, found none that holds")
    for _, where, problem in (row for row in unlike if row[0] >= newest): finding(where, problem)
    if rows != [(f"{prefix}{now}".encode(), id, now, 1)] or [*map(type, rows[0])] != [Text, bytes, int, int] or not count:
        finding("file: audit_ledger", f"expected {prefix}{now}, incarnation {now}, format 1, found {ascii(rows)[:300]}")
    return f"{count} events, newest checkpoint that holds: {max(newest, 0)}, unsealed: {count - max(newest, 0)} events" + (
        "; no --vkey: believed the key that the ledger itself declares" if believed else "")
def verify_tiles(folder, keys, anchors, receipts):
    def tile(level, index, width):
        part = re.sub("(...)(?=.)", r"x\1/", f"{index:0{(len(str(index)) + 2) // 3 * 3}}")
        return read(os.path.join(folder, "tile", str(level), part + (f".p/{width}" if width < 256 else "")))
    c, leaves = open_note(read(os.path.join(folder, "checkpoint")), keys), []
    chain, level, hashes = Chain(c.ledger, receipts), 0, leaves
    for first in range(0, c.size, 256):
        width = min(256, c.size - first)
        bundle, at = tile("entries", first // 256, width), 0
        for position in range(first, first + width):
            entry = bundle[at + 2:at + 2 + int.from_bytes(bundle[at:at + 2], "big")]
            try: chain.add(entry, position, leaves and leaves[-1])
            except ValueError as problem: finding(position, problem)
            leaves.append(sha(b"\0", entry))
            at += 2 + len(entry)
        must(at == len(bundle), f"a bundle of {width} entries", len(bundle))
    while hashes:
        parts = [hashes[i:i + 256] for i in range(0, len(hashes), 256)]
        for index, part in enumerate(parts):
            if tile(level, index, len(part)) != b"".join(part): finding(f"file: tile {level}/{index}", "expected other hashes")
        hashes, level = [root_of(part) for part in parts if len(part) == 256], level + 1
    for size, name, mark in (*open_notes(anchors, keys), (c.size, "checkpoint", c)):
        if (mark.prefix, mark.root) != (c.prefix, root_of(leaves[:size])) or size > c.size:
            finding(f"file: {name}", f"expected the root of {size} leaves, found {mark}")
    return f"{c.size} events, headers only"
def prove(text, keys, receipts):                    # a proof file, alone or in a disclosure: checkpoint, note, header, content
    m = parse(r"(?:custody/disclosure@v1\nsalt (.+)\ncontent (.*)\n\n)?c2sp\.org/tlog-proof@v1\nextra (.+)\nindex #\n"
              r"((?:.+\n){0,63})\n([^\0]+)", text)
    c, index, hashes = open_note(m[6].encode(), keys), number(m[4]), hash_lines(m[5])
    h, leaf = Chain(c.ledger, receipts, index).add(unbase64(m[3]), index)
    must(index < c.size and climb(index, c.size, leaf, hashes) == c.root and not hashes, "a path to its root", c)
    salt, content = unbase64(m[1] or "", m[1] and 32), unbase64(m[2] or "")
    must(not m[1] or sha(b"\0", salt, content) == h.commitment and (h.n or not any(salt)), "what was committed to", content)
    return c, m[6], h, content if m[1] else None
def verify_proof(text, keys, receipts):
    c, _, h, content = prove(text, keys, receipts)
    return f"1 event, position {h.position} of {c.size}" + (f", content of {len(content)} bytes" if content is not None else "")
def verify_certificate(text, keys):                 # the events of an erasure, disclosed, under one checkpoint
    first = "custody/disclosure@v1\n"
    m = parse(r"custody/certificate@v1\nrequest (<16>)\nbefore # (.+)\n((?:.+\n){0,63})\n(" + first + r"[^\0]+)", text)
    size, root, hashes = number(m[2]), unbase64(m[3], 32), hash_lines(m[4])
    (c, *_), notes, events, said = zip(*(prove(first + part, keys, {}) for part in m[5].split(first)[1:]))
    asked, *own, done, at = *map(json.loads, said), [h.position for h in events]
    must(len({*notes}) == 1 and at == sorted({*at}) and at[0] == size, "one checkpoint, and positions that ascend", at)
    must(both_roots(size, c.size, hashes, root) == (root, c.root) and not hashes, "both roots", root)
    must([(events[0].type, events[0].event_id.hex())] == [(b"erasure.requested", m[1])], "the request", Text(events[0].type))
    for h, content in zip(events[1:-1], said[1:-1]):
        must(h.n == 0 and h.stream == b"ledger" and parse(FORMS[h.type], content.decode()), "an event of section 4", Text(h.type))
    must({(e["reason"], e["request"]) for e in own} == {("erasure", size)}, "answers to the request", own)
    must({key for e in own for key in e.get("keys", ())} == {*asked["keys"]}, "the keys of the request", own)
    must(sum(b - a + 1 for e in own for a, b in e.get("positions", ())) == asked["events"], f"{asked['events']} bodies", own)
    must((events[-1].type, events[-1].causation_id) == (b"erasure.completed", events[0].event_id), "the end", done)
    must(done["request"].replace("-", "") == m[1] and done["remnants"] == 0, "no remnants", done["remnants"])
    return (f"erasure {m[1]}: {len(asked['keys'])} keys, {asked['events']} events, {asked['objects']} objects; "
            f"{done['needles']} pieces searched for, by the word of whoever ran it")
def verify_consistency(text, keys, anchors):
    m = parse(r"old #\n((?:.+\n){0,63})\n([^\0]+)", text)
    size, new, hashes = number(m[1]), open_note(m[3].encode(), keys), hash_lines(m[2])
    older = [c for _, _, c in open_notes(anchors, keys)] or [new._replace(size=0, root=sha())]
    must([(c.prefix, c.size) for c in older] == [(new.prefix, size)] and size <= new.size, f"one --anchor of {size}", older)
    roots = both_roots(size, new.size, hashes, older[0].root) if size else (sha(), new.root if new.size else sha())
    must(roots == (older[0].root, new.root) and not hashes, "both roots", roots)
    return f"{new.size} events, that begin with the {size} of the anchor"
def verify_range(path, keys, receipts):
    lines = iter(functools.partial(open(path, encoding="utf-8", newline="\n").readline, MIB), "")
    head = "\n".join("".join(iter(lambda: next(lines, "") or must(False, "more lines", None), "\n")) for _ in range(3))
    m = parse(r"custody/events@v1\nfrom #\nto #\n(?:since ((?!-0)-?#)\n)?(?:until ((?!-0)-?#)\n)?((?:.+\n){0,126})\n([^\0]+)", head)
    c, first, last, hashes = open_note(m[8].encode(), keys), number(m[1]), number(m[2]), hash_lines(m[7])
    must(first <= last <= c.size and {-1, 0} >= {int(m[i] or 0) >> 63 for i in (3, 5)}, f"at most {c.size}, 64 bits", m[0])
    chain, state = Chain(c.ledger, receipts, first), [TOP, ~TOP, None]     # first time, last time, last leaf
    def span(start, end):
        if max(start, first) >= min(end, last): return hashes.pop(0)
        if end - start > 1: return node(span(start, start + half(end - start)), span(start + half(end - start), end))
        h, leaf = chain.add(unbase64(parse("(.+)\n", next(lines, ""))[1]), start, state[2])
        state[:] = h.recorded_at if start == first else state[0], h.recorded_at, leaf
        return leaf
    root = span(0, c.size) if c.size else sha()
    must(root == c.root and not hashes and not next(lines, ""), f"root {c.root.hex()} and nothing more", root)
    must(not m[3] or (first == 0 or state[0] < int(m[3])) and (m[5] or last == c.size), "an event before `since` first", state)
    must(not m[5] or (last == c.size or state[1] > int(m[5])) and (m[3] or first == 0), "an event after `until` last", state)
    return f"{last - first} events from {first} on, of {c.size}"

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    def anchor(path): return f"anchor {ascii(str(path))}", None, Text(read(path, MIB))
    def receipt(path): return [(said["position"] | 0, said) for said in map(json.loads, read(path).splitlines())]
    parser.add_argument("path", metavar="PATH")
    for reader, option in ((verifier_key, "--vkey"), (anchor, "--anchor"), (receipt, "--receipt")):
        parser.add_argument(option, type=reader, action="append", default=[])
    receipts, summary = {}, "not read to its end"
    try:
        options = parser.parse_args()
        for position, said in sum(options.receipt, []): receipts.setdefault(position, []).append(said)
        path, keys, anchors, store = options.path, options.vkey, options.anchor, os.path.join(options.path, "ledger.sqlite")
        if os.path.isfile(store): path, anchors = store, anchors + [*map(anchor, pathlib.Path(path).glob("anchors/*.note"))]
        start = open(path, "rb").read(18) if os.path.isfile(path) else b""
        if not os.path.exists(path) or not keys and start[:6] != b"SQLite" or anchors and start[:4] in (b"c2sp", b"cust"):
            parser.error("PATH does not exist, or is not a ledger and needs a --vkey, or has nothing that an --anchor says")
        if start[:6] == b"SQLite": summary = verify_ledger(path, keys, anchors, receipts)
        elif os.path.isdir(path): summary = verify_tiles(path, keys, anchors, receipts)
        elif start == b"custody/events@v1\n": summary = verify_range(path, keys, receipts)
        elif start == b"custody/certificat": summary = verify_certificate(read(path).decode(), keys)
        elif start[:4] == b"old ": summary = verify_consistency(read(path).decode(), keys, anchors)
        else: summary = verify_proof(read(path).decode(), keys, receipts)
    except (ValueError, TypeError, LookupError, AttributeError, OSError, MemoryError, RecursionError, sqlite3.Error) as problem:
        finding("file", problem if isinstance(problem, ValueError) else f"expected what Format.md says, found {problem!r}")
    for position in receipts: finding(position, "expected the event of a receipt, found none")
    print(f"does not hold: {len(findings)} findings; {summary}" if findings else f"holds: {summary}")
    sys.exit(bool(findings))
if __name__ == "__main__": main()
