#!/usr/bin/env python3
"""What a user of Delta Lake runs for what Custody does: a table, version by version.

usage: delta_table.py nothing
       delta_table.py create TABLE CSV
       delta_table.py merge TABLE CSV            rows of CSV replace those of the same id
       delta_table.py overwrite TABLE CSV
       delta_table.py row TABLE VERSION ID
       delta_table.py restore TABLE VERSION CSV
       delta_table.py same TABLE VERSION CSV     whether they hold the same rows, in any order
       delta_table.py delete TABLE CLIENT        from the newest version
       delta_table.py vacuum TABLE               removes files that the newest version does not need
       delta_table.py count TABLE VERSION CLIENT how many rows, or that the version is gone
"""

import os
import sys

import pyarrow as pa
import pyarrow.csv as csv
from deltalake import DeltaTable, QueryBuilder, write_deltalake

COLUMNS = {name: pa.string() for name in ("id", "client", "day", "answer")} | {"rating": pa.int8()}


def read(path: str) -> pa.Table:
    return csv.read_csv(path, convert_options=csv.ConvertOptions(column_types=COLUMNS))


def version(table: str, number: str) -> DeltaTable:
    return DeltaTable(table, version=int(number))


def create(table: str, path: str) -> None:
    write_deltalake(table, read(path))


def overwrite(table: str, path: str) -> None:
    write_deltalake(table, read(path), mode="overwrite")


def merge(table: str, path: str) -> None:
    (
        DeltaTable(table)
        .merge(read(path), predicate="t.id = s.id", source_alias="s", target_alias="t")
        .when_matched_update_all()
        .when_not_matched_insert_all()
        .execute()
    )


def row(table: str, number: str, key: str) -> None:
    query = QueryBuilder().register("t", version(table, number))
    found = pa.table(query.execute(f"SELECT * FROM t WHERE id = '{key}'"))
    print(",".join(str(value) for value in found.to_pylist()[0].values()))


def restore(table: str, number: str, path: str) -> None:
    csv.write_csv(version(table, number).to_pyarrow_table(), path)


def same(table: str, number: str, path: str) -> None:
    rows = version(table, number).to_pyarrow_table().sort_by("id")
    if not rows.equals(read(path).cast(rows.schema)):
        sys.exit(f"version {number} of {table} has other rows than {path}")


def delete(table: str, client: str) -> None:
    DeltaTable(table).delete(f"client = '{client}'")


def vacuum(table: str) -> None:
    DeltaTable(table).vacuum(retention_hours=0, enforce_retention_duration=False, dry_run=False)


def count(table: str, number: str, client: str) -> None:
    try:
        rows = version(table, number).to_pyarrow_table()
    except Exception as error:  # of several kinds, by where the file is missed
        print(f"gone: {type(error).__name__}", flush=True)
    else:
        clients = rows.column("client").to_pylist()
        print(f"{len(clients)} {clients.count(client)}", flush=True)
    # Its threads abort an orderly end now and then, once a file was missing.
    os._exit(0)


VERBS = {
    "delete": delete,
    "vacuum": vacuum,
    "count": count,
    "nothing": lambda: None,
    "create": create,
    "merge": merge,
    "overwrite": overwrite,
    "row": row,
    "restore": restore,
    "same": same,
}

if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        sys.exit(__doc__)
    VERBS[sys.argv[1]](*sys.argv[2:])
