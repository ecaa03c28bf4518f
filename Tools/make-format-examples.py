#!/usr/bin/env python3
"""Writes worked examples of the ledger format, good and bad, as JSON.

usage: Tools/make-format-examples.py > Tests/CustodyLedgerTests/Examples/format-examples.json

A second implementation of Sources/CustodyLedger/Documentation.docc/Format.md, written from that
page alone and sharing nothing with the Swift one: section numbers below are the page's. Needs
Python 3.9 and the package `cryptography` (38 or later). Nothing in it is random: the same program
gives the same bytes for ever.
"""

import base64
import hashlib
import json
import struct
import sys
import zlib

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def sha256(data):
    return hashlib.sha256(data).digest()


def made(label, size):
    """Bytes that look random and are not: the same label, the same bytes."""
    return hashlib.shake_128(b"custody format example: " + label.encode()).digest(size)


def b64(data):
    return base64.b64encode(data).decode()


# 1. The event


def string(text):
    data = text.encode()
    return struct.pack(">H", len(data)) + data


def claim_of(event):
    return b"".join([
        b"CUST", bytes([1, event["flags"]]),
        LEDGER, event["event_id"], event["correlation_id"], event["causation_id"],
        struct.pack(">q", event["occurred_at"]),
        string(event["stream"]), string(event["type"]), struct.pack(">H", event["type_version"]),
        string(event["actor"]),
        bytes([len(event["key_ids"])]), *event["key_ids"], event["nonce"],
    ])


def seal_of(event):
    return struct.pack(">Q", len(event["body"])) + event["body_hash"] + event["commitment"]


def place_of(event):
    return (struct.pack(">Q", event["position"]) + event["previous"]
            + struct.pack(">q", event["recorded_at"]) + struct.pack(">Q", event["revision"]))


def leaf_of(header):
    return sha256(b"\x00" + header)


# 2. Sealing


def joint_key(key_ids):
    if len(key_ids) == 1:
        return KEYS[key_ids[0]]
    material = b"".join(KEYS[key] for key in sorted(key_ids))
    return HKDF(hashes.SHA256(), 32, salt=None, info=b"custody/joint-key/v1").derive(material)


def message_key(key, nonce):
    """The key of one message: CMAC of one block each, as the specification calls it."""
    derived = b""
    for counter in (1, 2):
        cmac = CMAC(AES(key))
        cmac.update(bytes([0, counter, 0x58, 0]) + nonce[:12])
        derived += cmac.finalize()
    return derived


def xaes(key, nonce, aad, plaintext):
    return AESGCM(message_key(key, nonce)).encrypt(nonce[12:], plaintext, aad)


def padded(salt, stored):
    plaintext = salt + stored + b"\x80"
    return plaintext + bytes(-len(plaintext) % 64)


def commitment_of(salt, content):
    return sha256(b"\x00" + salt + content)


def raw_inflate(compressed):
    expander = zlib.decompressobj(-15)
    content = expander.decompress(compressed)
    assert expander.eof and not expander.unused_data
    return content


# 3. Tree, checkpoint, proof


def node(left, right):
    return sha256(b"\x01" + left + right)


def split(count):
    k = 1
    while 2 * k < count:
        k *= 2
    return k


def root(leaves):
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return node(root(leaves[:k]), root(leaves[k:]))


def inclusion_path(index, leaves):
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return inclusion_path(index, leaves[:k]) + [root(leaves[k:])]
    return inclusion_path(index - k, leaves[k:]) + [root(leaves[:k])]


def consistency_path(old, leaves, whole=True):
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    k = split(len(leaves))
    if old <= k:
        return consistency_path(old, leaves[:k], whole) + [root(leaves[k:])]
    return consistency_path(old - k, leaves[k:], False) + [root(leaves[:k])]


def public_key(private):
    return private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def key_id(name, kind, private):
    return sha256(name.encode() + b"\n" + bytes([kind]) + public_key(private))[:4]


def verifier_key(name, kind, private):
    material = b64(bytes([kind]) + public_key(private))
    return f"{name}+{key_id(name, kind, private).hex()}+{material}"


def signature_line(name, kind, private, signature):
    return f"\u2014 {name} {b64(key_id(name, kind, private) + signature)}\n"


def checkpoint_text(origin, size, root_hash):
    return f"{origin}\n{size}\n{b64(root_hash)}\n"


def signed(text, name, private=None):
    private = private or SIGNER
    return text + "\n" + signature_line(name, 1, private, private.sign(text.encode()))


def cosignature(text, time):
    message = f"cosignature/v1\ntime {time}\n{text}".encode()
    return signature_line(WITNESS_NAME, 4, WITNESS, struct.pack(">Q", time) + WITNESS.sign(message))


def proof_file(header, index, path, note):
    hashes_ = "".join(b64(hash_) + "\n" for hash_ in path)
    return f"c2sp.org/tlog-proof@v1\nextra {b64(header)}\nindex {index}\n{hashes_}\n{note}"


def consistency_file(old, path, note):
    return f"old {old}\n" + "".join(b64(hash_) + "\n" for hash_ in path) + "\n" + note


# 4. Events that explain: these contents are written in one way only.


def hexes(values):
    return "[" + ",".join(f'"{value.hex()}"' for value in values) + "]"


def created(organization):
    return f'{{"organization":"{organization}"}}'


def key_created(key, purpose):
    return f'{{"key":"{key.hex()}","purpose":"{purpose}"}}'


def key_destroyed(keys, reason, request):
    return f'{{"keys":{hexes(keys)},"reason":"{reason}","request":{request}}}'


def purged(reason, request, positions, leaves, objects):
    ranges = ",".join(f"[{first},{last}]" for first, last in positions)
    return (f'{{"reason":"{reason}","request":{request},"positions":[{ranges}],'
            f'"leaves":"{leaves.hex()}","objects":"{objects.hex()}"}}')


def restored(size, root_hash, incarnation, lost):
    if lost:
        origin, lost_size, lost_root = lost
        lost = f'{{"origin":"{origin}","size":{lost_size},"root":"{lost_root.hex()}"}}'
    return (f'{{"size":{size},"root":"{root_hash.hex()}","incarnation":{incarnation},'
            f'"lost":{lost or "null"}}}')


# 7. Objects


def object_of(content, key_ids, nonce, salt, flags=0, stored=None):
    key_ids = sorted(key_ids)
    header = (b"CUSO" + bytes([1, flags]) + LEDGER + bytes([len(key_ids)]) + b"".join(key_ids)
              + nonce + commitment_of(salt, content))
    body = xaes(joint_key(key_ids), nonce, header,
                padded(salt, content if stored is None else stored))
    return header + body


def record_content(natural_key, data):
    return struct.pack(">H", len(natural_key)) + natural_key + data


def version_root(entries):
    return root([sha256(b"\x00" + struct.pack(">Q", ordinal) + address)
                 for ordinal, address in entries])


def list_root(addresses):
    return root([sha256(b"\x00" + address) for address in sorted(addresses)])


# The examples' own world

LEDGER = bytes.fromhex("0198c4a1c8007abc9def0123456789ab")
LEDGER_UUID = "0198c4a1-c800-7abc-9def-0123456789ab"
ORGANIZATION = "archive.example/voice"
ORIGIN = f"{ORGANIZATION}/{LEDGER_UUID}"
SIGNER = Ed25519PrivateKey.from_private_bytes(made("signing seed", 32))
WITNESS = Ed25519PrivateKey.from_private_bytes(made("witness seed", 32))
WITNESS_NAME = "witness.example/w1"
ZERO16, ZERO24, ZERO32 = bytes(16), bytes(24), bytes(32)

# Named so that their ids ascend.
OPERATIONS, ANNA, BORIS = sorted(made(f"key id {number}", 16) for number in range(3))
OLD_EPOCH, NEW_EPOCH = made("old epoch", 16), made("new epoch", 16)
KEYS = {key: made("data key " + key.hex(), 32) for key in (OPERATIONS, ANNA, BORIS)}

# 2025-08-20T07:06:40Z in microseconds.
START = 1_755_673_600_000_000

# Compressed by some encoder once: encoders differ, and what they make is what counts.
POLICY = (
    '{"policy":"default","rules":['
    + ",".join(
        f'{{"class":"{name}","keep":"P{years}Y"}}'
        for name, years in [
            ("default", 2), ("consent-record", 10), ("voiceprint", 1), ("psychotherapy-notes", 10),
            ("recording", 2), ("transcript", 2), ("emotion", 2), ("personality", 2),
            ("export", 5), ("access", 5)])
    + "]}").encode()
POLICY_COMPRESSED = bytes.fromhex(
    "7d8f410ac2400c45ef9275052bb8e929dc8ab818d26807c72424537128bdbb0517b642bbcd7fbcff33804a8a58a0"
    "81966ea14f192ab03e914373190053705f640f229d0ea7c319c6ea07a0b013e79d118ab533aede2fc1974424b5c8"
    "7359bd64d40b76923bb2a065c792a735ebc66f65e4fbfaba6c811d2deac607f4941c85d7012573e190622e1b96b7"
    "8acd5b8ecb3c2092fb5f7e1d3f")
TABLE = record_content(b"visit-8.csv", b"".join(b"%d,anger,0\n" % row for row in range(60)))
TABLE_COMPRESSED = bytes.fromhex(
    "4dd2310ec2400c44516ab84a40f1780ce1380821948682a09c9fce7fbb5ff9c9de3d9cf6755b7fe7e5f2dcf6797a"
    "7cdeafef341fa34b5dd9e5aeeaba76ddba96ae3b93070425600227800229a0022bc0024d681a7642139ad0842634"
    "a1094d68899668399c102dd1122dd1122dd112cd6846339a871743339ad18c6634a3155aa1155aa1d5f041d00aad"
    "d00aadd0fe")
assert raw_inflate(POLICY_COMPRESSED) == POLICY and raw_inflate(TABLE_COMPRESSED) == TABLE

events = []
revisions = {}


def append(type_, content, key_ids=(), stream="ledger", actor="uid:1000", type_version=1,
           compressed=None, correlation=None, causation=None, occurred=None, recorded=None):
    position = len(events)
    if isinstance(content, str):
        content = content.encode()
    key_ids = sorted(key_ids)
    event = {
        "position": position,
        # A UUID of version 7: milliseconds, then bytes that stand for random ones.
        "event_id": struct.pack(">Q", START // 1000 + position)[2:]
        + bytes([0x70 | position, 0x5a, 0x80 | position]) + made(f"event {position}", 7),
        "correlation_id": correlation or ZERO16,
        "causation_id": causation or ZERO16,
        "occurred_at": START + 1_000_003 * position if occurred is None else occurred,
        "recorded_at": START + 2_000_000 * position if recorded is None else recorded,
        "stream": stream,
        "revision": revisions.get(stream, 0),
        "type": type_,
        "type_version": type_version,
        "actor": actor,
        "key_ids": key_ids,
        "flags": 1 if compressed else 0,
        "nonce": made(f"nonce {position}", 24) if key_ids else ZERO24,
        "salt": made(f"salt {position}", 32) if key_ids else ZERO32,
        "content": content,
        "compressed": compressed,
    }
    event["claim"] = claim_of(event)
    if key_ids:
        event["plaintext"] = padded(event["salt"], compressed or content)
        event["body"] = xaes(
            joint_key(key_ids), event["nonce"], event["claim"], event["plaintext"])
    else:
        event["plaintext"] = None
        event["body"] = content
    event["body_hash"] = sha256(event["body"])
    event["commitment"] = commitment_of(event["salt"], content)
    event["previous"] = events[-1]["leaf"] if events else ZERO32
    event["header"] = event["claim"] + seal_of(event) + place_of(event)
    event["leaf"] = leaf_of(event["header"])
    revisions[stream] = event["revision"] + 1
    events.append(event)
    return event


def leaves(positions=None):
    chosen = events if positions is None else [events[position] for position in positions]
    return [event["leaf"] for event in chosen]


# Objects come before the events that name them: Anna's, one of both, and Boris's, an empty one.
contents = [
    record_content("besøk-7.txt".encode(), "Good morning.\n".encode()), TABLE,
    record_content(b"visit-9.txt", b""),
]
objects = [
    object_of(contents[0], [ANNA], made("object nonce 0", 24), made("object salt 0", 32)),
    object_of(contents[1], [ANNA, BORIS], made("object nonce 1", 24), made("object salt 1", 32),
              flags=1, stored=TABLE_COMPRESSED),
    object_of(contents[2], [BORIS], made("object nonce 2", 24), made("object salt 2", 32)),
]

# A record in two pieces: one of a mebibyte, and the five bytes that are left.
PIECE = 1 << 20
record = bytes(number * number % 251 for number in range(PIECE + 5))
pieces = []
for number in range(0, len(record), PIECE):
    nonce, salt = made(f"piece nonce {number}", 24), made(f"piece salt {number}", 32)
    piece = object_of(record[number:number + PIECE], [ANNA], nonce, salt)
    pieces.append({"nonce": nonce, "salt": salt, "address": sha256(piece)})
list_content = record_content(
    b"visit-10.wav",
    struct.pack(">Q", len(record)) + b"".join(piece["address"] for piece in pieces))
list_nonce, list_salt = made("list nonce", 24), made("list salt", 32)
list_object = object_of(list_content, [ANNA], list_nonce, list_salt, flags=2)

entries = [(0, sha256(objects[0])), (3, sha256(objects[1])), (4, sha256(list_object))]

# The ledger: a short life with all that a verifier has to tell apart.
append("ledger.created", created(ORGANIZATION), actor="uid:0")
append("key.created", key_created(OPERATIONS, "operations"), actor="uid:0")
append("key.created", key_created(public_key(SIGNER), "signing"), actor="uid:0")
append("key.created", key_created(OLD_EPOCH, "epoch"), actor="uid:0")
ingested = append(
    "recording.ingested", '{"digest":"sha256:9f86","ms":1}', [ANNA],  # 31 bytes: fills a block
    stream="conversation/7", actor="pipeline:ingest")
append("transcript.cleaned", '{"note":"réunion à Zürich, 東京"}', [ANNA, BORIS],
       stream="conversation/7", actor="service:cleaner", type_version=3,
       correlation=ingested["event_id"], causation=ingested["event_id"])
append("policy.adopted", POLICY, [OPERATIONS], stream="policy/default",
       compressed=POLICY_COMPRESSED)
append(
    "emotion.scored", '{"label":"anger","score":912345}', [BORIS],  # 32 bytes: one too many for it
    stream="conversation/7", actor="service:scoring")
append("features.extracted", b"", [BORIS], stream="conversation/7", actor="service:scoring")
request = append("erasure.requested", '{"reason":"request"}', [OPERATIONS], stream="subject/2")
append("key.created", key_created(NEW_EPOCH, "epoch"))
append("key.destroyed", key_destroyed([BORIS, OLD_EPOCH], "erasure", request["position"]))
of_boris = [event["position"] for event in events if BORIS in event["key_ids"]]
assert of_boris == [5, 7, 8]
append("ledger.purged", purged(
    "erasure", request["position"], [(5, 5), (7, 8)], root(leaves(of_boris)),
    list_root([sha256(objects[1]), sha256(objects[2])])))
append("ledger.restored", restored(
    13, root(leaves()), 2, (f"{ORIGIN}/1", 21, made("a root that is gone", 32))))
RESTORED_AT = 13
append("run.completed", '{"job":"digitize"}', [OPERATIONS], stream="run/0198c4a1",
       occurred=-86_400_000_001,  # in 1969: a tape that was older than the clock of its recorder
       recorded=events[-1]["recorded_at"])  # and the writer's clock went back
SIZE = len(events)

# Checkpoints of every size; from `ledger.restored` on, under the second incarnation.
notes = []
cosigned = []
checkpoints = []
for size in range(SIZE + 1):
    origin = f"{ORIGIN}/{1 if size <= RESTORED_AT else 2}"
    text = checkpoint_text(origin, size, root(leaves()[:size]))
    notes.append(signed(text, origin))
    checkpoints.append({
        "size": size, "origin": origin, "root": root(leaves()[:size]), "text": text,
        "note": notes[-1], "cosignature": cosignature(text, START // 1_000_000 + size)})
    cosigned.append(notes[-1] + checkpoints[-1]["cosignature"])

inclusion = []
for index in range(SIZE):
    for size in sorted({index + 1, RESTORED_AT, SIZE}):
        if index < size:
            path = inclusion_path(index, leaves()[:size])
            inclusion.append({
                "index": index, "size": size, "path": path,
                "proof": proof_file(events[index]["header"], index, path, cosigned[size])})

consistency = []
for new in range(1, SIZE + 1):
    for old in range(1, new + 1):
        path = consistency_path(old, leaves()[:new])
        file = consistency_file(old, path, notes[new]) if new == SIZE else None
        consistency.append({"old": old, "new": new, "hashes": path, "file": file})

# What must be refused. Notes and proofs are signed by the right key: only their text is wrong.
HEAD = checkpoints[SIZE]
origin2 = HEAD["origin"]
stranger = Ed25519PrivateKey.from_private_bytes(made("a stranger's seed", 32))
root64 = b64(HEAD["root"])


def resigned(text, name=origin2, private=None):
    return signed(text, name, private)


refused_notes = {
    "no signature": HEAD["text"] + "\n",
    "signed by another key under the ledger's name": resigned(HEAD["text"], private=stranger),
    "a signature of another size": HEAD["text"] + "\n" + notes[SIZE - 1].split("\n\n")[1],
    "another ledger": resigned(HEAD["text"].replace(ORGANIZATION, "other.example"),
                               origin2.replace(ORGANIZATION, "other.example")),
    "an origin without incarnation": resigned(f"{ORIGIN}\n{SIZE}\n{root64}\n"),
    "incarnation 0": resigned(f"{ORIGIN}/0\n{SIZE}\n{root64}\n"),
    "an origin with a UUID in upper case": resigned(
        f"{ORGANIZATION}/{LEDGER_UUID.upper()}/2\n{SIZE}\n{root64}\n"),
    "a size with a leading zero": resigned(f"{origin2}\n0{SIZE}\n{root64}\n"),
    "a size with a sign": resigned(f"{origin2}\n+{SIZE}\n{root64}\n"),
    "a size of 64 bits": resigned(f"{origin2}\n{1 << 63}\n{root64}\n"),
    "a root of 33 bytes": resigned(f"{origin2}\n{SIZE}\n{b64(HEAD['root'] + bytes(1))}\n"),
    "a root in base64 that is not canonical": resigned(
        f"{origin2}\n{SIZE}\n{root64[:-2]}{chr(ord(root64[-2]) + 1)}=\n"),
    "an extension line": resigned(HEAD["text"] + "extension\n"),
    "a blank line inside the text": resigned(HEAD["text"] + "\n"),
    "a tab": resigned(HEAD["text"].replace("\n", "\t\n", 1)),
    "no newline at the end": notes[SIZE][:-1],
    "a signature line with a hyphen": notes[SIZE].replace("\u2014", "-"),
    "a signature in base64 without its padding": notes[SIZE][:-2] + "\n",
}

headers = {event["position"]: event["header"] for event in events}
sealed = events[4]


def changed(data, offset, new):
    return data[:offset] + new + data[offset + len(new):]


STREAM_AT = 6 + 64 + 8
two_keys = events[5]["header"]
KEYS_AT = len(events[5]["claim"]) - 24 - 32
refused_headers = [
    ("empty", b""),
    ("another magic", changed(sealed["header"], 0, b"CUSO")),
    ("version 2", changed(sealed["header"], 4, b"\x02")),
    ("reserved flag", changed(sealed["header"], 5, b"\x02")),
    ("compressed without a key", changed(headers[0], 5, b"\x01")),
    ("event id of zeros", changed(sealed["header"], 22, ZERO16)),
    ("empty stream", sealed["header"][:STREAM_AT] + b"\x00\x00"
     + sealed["header"][STREAM_AT + 2 + len(sealed["stream"]):]),
    ("control character in the stream", changed(sealed["header"], STREAM_AT + 2, b"\x1f")),
    ("stream that is not UTF-8", changed(sealed["header"], STREAM_AT + 2, b"\xff")),
    ("keys not ascending", changed(two_keys, KEYS_AT, two_keys[KEYS_AT + 16:KEYS_AT + 32]
                                   + two_keys[KEYS_AT:KEYS_AT + 16])),
    ("the same key twice", changed(two_keys, KEYS_AT, two_keys[KEYS_AT + 16:KEYS_AT + 32])),
    ("nine keys", two_keys[:KEYS_AT - 1] + b"\x09" + b"".join(
        bytes([number]) * 16 for number in range(1, 10)) + two_keys[KEYS_AT + 32:]),
    ("nonce without a key", changed(headers[0], len(events[0]["claim"]) - 1, b"\x01")),
    ("key without a nonce", changed(sealed["header"], len(sealed["claim"]) - 24, ZERO24)),
    ("position of 64 bits", changed(sealed["header"], len(sealed["header"]) - 56, b"\x80")),
    ("one byte short", sealed["header"][:-1]),
    ("one byte more", sealed["header"] + b"\x00"),
]

zero64 = "0" * 64
refused_system_content = {
    "ledger.created": [
        '{"organization":""}', '{"organization":"two words"}', '{"organization":"a+b"}',
        '{"organization":"a\\\\b"}', '{"organization":"a\\u0062"}', '{"organization": "a"}',
        '{"organization":"a","note":"b"}', '{"Organization":"a"}', '{"organization":"a"}\n', "{}",
        "", '{"organization":"a"', '{"organization":1}',
    ],
    "key.created": [
        key_created(OPERATIONS, "subject"), key_created(OPERATIONS, "signing"),
        key_created(OPERATIONS[:15], "epoch"), key_created(public_key(SIGNER), "epoch"),
        key_created(OPERATIONS, "epoch").upper(),
        f'{{"purpose":"epoch","key":"{OPERATIONS.hex()}"}}',
        key_created(made("a", 16), "epoch").replace(made("a", 16).hex(), "AB" * 16),
    ],
    "key.destroyed": [
        key_destroyed([ANNA], "erasure", SIZE), key_destroyed([ANNA], "erasure", -1),
        key_destroyed([ANNA], "erasure", "09"), key_destroyed([ANNA], "lost", 9),
        key_destroyed([ANNA], "erasure", "9.0"), key_destroyed([ANNA[:8]], "erasure", 9),
        key_destroyed([], "erasure", 9),
        f'{{"keys":"{ANNA.hex()}","reason":"erasure","request":9}}',
        f'{{"keys":["{ANNA.hex()}",],"reason":"erasure","request":9}}',
        f'{{"keys":["{ANNA.hex()}"],"reason":"erasure"}}',
    ],
    "ledger.purged": [
        purged("erasure", 9, [(5, SIZE)], ZERO32, ZERO32),
        purged("erasure", 9, [(6, 5)], ZERO32, ZERO32),
        purged("erasure", 9, [(5, 6), (7, 8)], ZERO32, ZERO32),
        purged("erasure", 9, [(5, 7), (7, 8)], ZERO32, ZERO32),
        purged("erasure", 9, [(7, 8), (5, 5)], ZERO32, ZERO32),
        purged("erasure", 9, [(5, 1 << 64)], ZERO32, ZERO32),
        purged("rotation", 9, [(5, 5)], ZERO32, ZERO32),
        purged("erasure", SIZE, [(5, 5)], ZERO32, ZERO32),
        purged("erasure", 9, [(5, 5)], ZERO32[:31], ZERO32),
        purged("erasure", 9, [(5, 5)], ZERO32, ZERO32).replace("5,5", "5, 5"),
        purged("erasure", 9, [(5, 5)], ZERO32, ZERO32).replace("[5,5]", "5"),
        purged("erasure", 9, [(5, 5)], ZERO32, ZERO32).replace("5,5", "05,5"),
    ],
    "ledger.restored": [
        restored(SIZE - 1, ZERO32, 2, None), restored(SIZE + 1, ZERO32, 2, None),
        restored(SIZE, ZERO32, 1, None), restored(SIZE, ZERO32, 2, ("nowhere", 21, ZERO32)),
        restored(SIZE, ZERO32, 2, (f"{ORIGIN}/01", 21, ZERO32)),
        restored(SIZE, ZERO32, 2, None).replace("null", "{}"),
        restored(SIZE, ZERO32, 2, None).replace(',"lost":null', ""),
    ],
    "ledger.paused": ["{}", created(ORGANIZATION)],
}

key_of_sealed = joint_key(sealed["key_ids"])


def reopened(plaintext, nonce=sealed["nonce"], aad=sealed["claim"]):
    return xaes(key_of_sealed, nonce, aad, plaintext)


compressed_event = events[6]
operations = joint_key([OPERATIONS])


def recompressed(stored):
    return xaes(operations, compressed_event["nonce"], compressed_event["claim"],
                padded(compressed_event["salt"], stored))


refused_opening = [
    (4, "a flipped bit in the text", changed(
        sealed["body"], 0, bytes([sealed["body"][0] ^ 1])), KEYS[ANNA]),
    (4, "a flipped bit in the tag", changed(
        sealed["body"], 79, bytes([sealed["body"][79] ^ 128])), KEYS[ANNA]),
    (4, "another key", sealed["body"], KEYS[BORIS]),
    (4, "the claim of another event", reopened(sealed["plaintext"], aad=events[5]["claim"]),
     KEYS[ANNA]),
    (4, "another nonce", reopened(sealed["plaintext"], nonce=events[5]["nonce"]), KEYS[ANNA]),
    (4, "another salt", reopened(padded(ZERO32, sealed["content"])), KEYS[ANNA]),
    (4, "another content", reopened(
        padded(sealed["salt"], sealed["content"].replace(b"1", b"2"))), KEYS[ANNA]),
    (4, "no 0x80", reopened(sealed["plaintext"][:-1] + b"\x00"), KEYS[ANNA]),
    (4, "a block of padding too many", reopened(sealed["plaintext"] + bytes(64)), KEYS[ANNA]),
    (4, "a length that is no multiple of 64", reopened(sealed["plaintext"] + bytes(1)),
     KEYS[ANNA]),
    (4, "no body", b"", KEYS[ANNA]),
    (6, "a byte after the stream", recompressed(POLICY_COMPRESSED + b"\x00"), operations),
    (6, "a stream without its end", recompressed(POLICY_COMPRESSED[:-1]), operations),
    (6, "no stream", recompressed(POLICY[:100]), operations),
]

refused_objects = [
    ("another magic", changed(objects[0], 0, b"CUST")),
    ("version 2", changed(objects[0], 4, b"\x02")),
    ("reserved flag", changed(objects[0], 5, b"\x04")),
    ("no key", objects[0][:22] + b"\x00" + objects[0][39:]),
    ("keys not ascending", changed(objects[1], 23, objects[1][39:55] + objects[1][23:39])),
    ("header cut off", objects[0][:94]),
]

head = proof_file(headers[4], 4, inclusion_path(4, leaves()), cosigned[SIZE])
head_lines = head.split("\n")
foreign = changed(headers[4], 6, bytes(16))
refused_proofs = [
    ("another first line", head.replace("@v1", "@v2", 1)),
    ("no header", "\n".join(head_lines[:1] + head_lines[2:])),
    ("the header of another event", proof_file(
        headers[5], 4, inclusion_path(4, leaves()), cosigned[SIZE])),
    ("another index", head.replace("index 4", "index 5", 1)),
    ("an index with a leading zero", head.replace("index 4", "index 04", 1)),
    ("a changed header", proof_file(
        changed(headers[4], 60, b"\xff"), 4, inclusion_path(4, leaves()), cosigned[SIZE])),
    ("a hash too few", "\n".join(head_lines[:3] + head_lines[4:])),
    ("a hash too many", "\n".join(head_lines[:4] + head_lines[3:])),
    ("the path of another event", proof_file(
        headers[4], 4, inclusion_path(5, leaves()), cosigned[SIZE])),
    ("the checkpoint of another size", proof_file(
        headers[4], 4, inclusion_path(4, leaves()), cosigned[SIZE - 1])),
    ("the header of another ledger", proof_file(
        foreign, 4, inclusion_path(4, leaves()), cosigned[SIZE])),
    ("an unsigned checkpoint", proof_file(
        headers[4], 4, inclusion_path(4, leaves()), HEAD["text"])),
]

refused_record_contents = [
    ("cut off in the natural key", False, contents[0][:5]),
    ("a list that fits into its object", True, record_content(
        b"k", struct.pack(">Q", PIECE) + ZERO32)),
    ("an address too few", True, list_content[:-32]),
    ("an address too many", True, list_content + ZERO32),
    ("half an address", True, list_content[:-16]),
    ("a total of 64 bits", True, record_content(b"k", struct.pack(">Q", 1 << 63) + ZERO32)),
    ("a total that no list of these names", True, record_content(
        b"k", struct.pack(">Q", (1 << 63) - 1) + ZERO32)),
]

xaes_examples = []
for number, (aad, plaintext) in enumerate([
        (b"", b""), (b"", made("plaintext", 1)), (made("aad", 16), made("plaintext", 64)),
        (made("aad", 201), made("plaintext", 33))]):
    key, nonce = made(f"xaes key {number}", 32), made(f"xaes nonce {number}", 24)
    xaes_examples.append({
        "key": key, "nonce": nonce, "message_key": message_key(key, nonce), "aad": aad,
        "plaintext": plaintext, "ciphertext": xaes(key, nonce, aad, plaintext)})

examples = {
    "about": "Worked examples of the ledger format, version 1 (Format.md). Bytes are hexadecimal; "
             "texts are as they are. Made by Tools/make-format-examples.py. Feed the given "
             "compressed bytes: encoders of DEFLATE differ.",
    "ledger_id": LEDGER,
    "data_keys": {key.hex(): KEYS[key] for key in sorted(KEYS)},
    "joint_keys": [
        {"key_ids": list(ids), "key": joint_key(list(ids))}
        for ids in [(ANNA, BORIS), (OPERATIONS, BORIS), (OPERATIONS, ANNA, BORIS)]],
    "xaes": xaes_examples,
    "events": events,
    "objects": [{"object": data, "address": sha256(data)} for data in objects],
    "object_contents": contents,
    "pieces": {
        "key_id": ANNA, "natural_key": b"visit-10.wav", "total_bytes": len(record),
        "bytes": "byte n is (n * n) mod 251", "pieces": pieces, "list_nonce": list_nonce,
        "list_salt": list_salt, "list_content": list_content, "list": list_object,
        "address": sha256(list_object)},
    "version_root": {
        "entries": [[ordinal, address] for ordinal, address in entries],
        "root": version_root(entries)},
    "signing_seed": made("signing seed", 32),
    "verifier_key": verifier_key(f"{ORIGIN}/1", 1, SIGNER),
    "witness_seed": made("witness seed", 32),
    "witness_name": WITNESS_NAME,
    "witness_key": verifier_key(WITNESS_NAME, 4, WITNESS),
    "checkpoints": checkpoints,
    "inclusion": inclusion,
    "consistency": consistency,
    "refuse": {
        "notes": refused_notes,
        "system_content": refused_system_content,
        "opening": [
            {"why": why, "position": position, "key": key, "body": body}
            for position, why, body, key in refused_opening],
        "strings": ["", "a" * 513, "é" * 257, "tab\t", "line\n", "nul\0", "delete\x7f",
                    "next line\x85", "e\u0301 is not normalized"],
        "headers": [{"why": why, "bytes": data} for why, data in refused_headers],
        "objects": [{"why": why, "bytes": data} for why, data in refused_objects],
        "proofs": [{"why": why, "proof": text} for why, text in refused_proofs],
        "record_contents": [
            {"why": why, "is_list": is_list, "content": data}
            for why, is_list, data in refused_record_contents],
    },
}


def main():
    if len(sys.argv) > 1:
        sys.exit(__doc__)
    json.dump(examples, sys.stdout, indent=1, default=bytes.hex)
    print()


if __name__ == "__main__":
    main()
