"""The loop that no store in Python on SQLite can beat: the measure of the machine at this minute."""

import sqlite3
import tempfile
import time

import orjson

from tests.bench.documents import Batch

TABLES = """
CREATE TABLE doc (n INTEGER PRIMARY KEY, id TEXT UNIQUE, rev TEXT, deleted INT, seq INT UNIQUE, tree BLOB);
CREATE TABLE body (n INT, rev TEXT, body BLOB, PRIMARY KEY (n, rev)) WITHOUT ROWID;
"""


def run(work: list[Batch]) -> float:
    """Parse the batches, look up their ids, insert into two tables, one durable transaction each; documents a second.

    No HTTP, no revision trees, no scopes, no checks.
    """
    with tempfile.TemporaryDirectory() as folder:
        connection = sqlite3.connect(f"{folder}/bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.executescript(TABLES)
        start, seq = time.perf_counter(), 0
        for batch in work:
            rows = []
            for doc in orjson.loads(batch.replicated)["docs"]:
                id_, rev = doc.pop("_id"), doc.pop("_rev")
                del doc["_revisions"]
                rows.append((id_, rev, orjson.dumps(doc)))
            connection.execute("BEGIN IMMEDIATE")
            marks = ",".join("?" * len(rows))
            connection.execute(f"SELECT id, rev, n FROM doc WHERE id IN ({marks})", [row[0] for row in rows]).fetchall()
            docs = [(seq + n, row[0], row[1], seq + n) for n, row in enumerate(rows)]
            connection.executemany("INSERT INTO doc VALUES (?, ?, ?, 0, ?, '')", docs)
            bodies = [(seq + n, row[1], row[2]) for n, row in enumerate(rows)]
            connection.executemany("INSERT INTO body VALUES (?, ?, ?)", bodies)
            connection.execute("COMMIT")
            seq += len(rows)
        took = time.perf_counter() - start
        connection.close()
    return seq / took
