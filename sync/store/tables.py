"""The tables of the store.

Every revision that is stored takes one *sequence* of its database, and the sequence is its address: the body of the
revision written as sequence 17 of database 3 is row ``3 << 40 | 17`` of ``bodies``. Bodies are thus only ever
appended, a feed read from the start reads them in the order in which they lie, and a revision tree names each by one
small number.

A document's row keeps the winner at hand (``rev``, ``deleted``, ``body``), so that nearly every read is one join and
no revision tree is opened. ``tree`` is empty for a document with a single revision.
"""

from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
)
from sqlalchemy.ext.compiler import compiles

metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class CodePoints(Text):
    """Text that is compared and sorted by its code points, whatever the language of a PostgreSQL database."""


@compiles(CodePoints, "postgresql")
def _collated(_type: CodePoints, _compiler: Any, **_: Any) -> str:
    return 'TEXT COLLATE "C"'  # in definitions only: where a value is bound it is plain text


TEXT: Final = CodePoints()

SEQUENCE_BITS: Final = 40
"""A row's number is its database's number above this many bits of sequence."""

meta = Table(
    "sync_meta",
    metadata,
    Column("key", TEXT, primary_key=True),
    Column("value", TEXT, nullable=False),
    comment="Facts about the whole store: its uuid.",
    sqlite_with_rowid=False,
)

databases = Table(
    "sync_database",
    metadata,
    Column("n", Integer, primary_key=True, comment="never given twice"),
    Column("name", TEXT, nullable=False, unique=True),
    Column("update_seq", BigInteger, nullable=False, default=0, comment="the last sequence given"),
    Column("live", BigInteger, nullable=False, default=0, comment="documents whose winner is not deleted"),
    Column("gone", BigInteger, nullable=False, default=0, comment="documents whose winner is deleted"),
    Column("digest", BigInteger, nullable=False, server_default="0", comment="sync.digest of the live documents"),
    Column("revs_limit", Integer, nullable=False, default=1000),
    Column("security", TEXT, nullable=False, default="{}", comment="the _security object, JSON"),
    Column("purge_seq", BigInteger, nullable=False, server_default="0", comment="how many documents were purged"),
    Column("purged_limit", Integer, nullable=False, server_default="1000", comment="rows of sync_purge that are kept"),
    Column("bytes", BigInteger, nullable=False, server_default="0", comment="of bodies, and of contents, each once"),
    sqlite_autoincrement=True,
)

documents = Table(
    "sync_document",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("db", Integer, nullable=False),
    Column("id", TEXT, nullable=False),
    Column("rev", TEXT, nullable=False, comment="the winner"),
    Column("deleted", SmallInteger, nullable=False, comment="1: the winner is a tombstone, 0: it is live"),
    Column("seq", BigInteger, nullable=False, comment="of the last change to any leaf"),
    Column("body", BigInteger, nullable=False, comment="the winner's row in sync_body"),
    Column("tree", TEXT, nullable=False, comment="sync.revisions.Tree as text; empty: the winner alone"),
    Column("owner", TEXT, comment="the scope it was written for"),
    UniqueConstraint("db", "id"),
    UniqueConstraint("db", "seq"),
)

bodies = Table(
    "sync_body",
    metadata,
    Column("n", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("body", LargeBinary, nullable=False, comment="a JSON object, UTF-8, without the _fields"),
    Column("attachments", LargeBinary, comment="the _attachments stubs as JSON, UTF-8; null: none"),
    comment="One row per stored revision, leaves and ancestors alike.",
)

scopes = Table(
    "sync_scope",
    metadata,
    Column("n", Integer, primary_key=True),
    Column("db", Integer, nullable=False),
    Column("name", TEXT, nullable=False),
    Column("live", BigInteger, nullable=False, default=0),
    Column("gone", BigInteger, nullable=False, default=0),
    Column("last_seq", BigInteger, nullable=False, default=0, comment="the newest sequence in this scope's feed"),
    Column("digest", BigInteger, nullable=False, server_default="0", comment="sync.digest of the live in its feed"),
    UniqueConstraint("db", "name"),
)

memberships = Table(
    "sync_membership",
    metadata,
    Column("scope", Integer, primary_key=True, autoincrement=False),
    Column(
        "position",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="the document's seq; below zero: readable by id, in no feed",
    ),
    Column("doc", BigInteger, nullable=False),
    Column("id", TEXT, nullable=False),
    Column("rev", TEXT, nullable=False),
    Column("deleted", SmallInteger, nullable=False),
    Column("body", BigInteger, nullable=False),
    Column("leaves", TEXT, nullable=False, comment="the leaves beside the winner, with commas between; empty: none"),
    UniqueConstraint("doc", "scope"),
    UniqueConstraint("scope", "id"),
    comment="Latest only, and with all that a feed shows: the feed of a scope is one bounded range of this table.",
    sqlite_with_rowid=False,
)

blobs = Table(
    "sync_blob",
    metadata,
    Column("key", TEXT, primary_key=True, comment="sha256 of the content, hex"),
    Column("length", BigInteger, nullable=False, comment="below zero: not all of it has arrived"),
    Column("staged_ms", BigInteger, index=True, comment="arrived ahead of its revision, when; null: a revision has it"),
    comment="Attachment contents, each once. The MD5 that the protocol shows is no key: it can be forged.",
    sqlite_with_rowid=False,
)

chunks = Table(
    "sync_chunk",
    metadata,
    Column("key", TEXT, primary_key=True),
    Column("part", Integer, primary_key=True, autoincrement=False),
    Column("data", LargeBinary, nullable=False),
)

attached = Table(
    "sync_attached",
    metadata,
    Column("body", BigInteger, primary_key=True, autoincrement=False, comment="the revision's row in sync_body"),
    Column("name", TEXT, primary_key=True),
    Column("key", TEXT, nullable=False, comment="sync_blob"),
    Index(None, "key", "body"),
    sqlite_with_rowid=False,
)

local_documents = Table(
    "sync_local",
    metadata,
    Column("db", Integer, primary_key=True, autoincrement=False),
    Column("owner", TEXT, primary_key=True, comment="empty in a plain database; else scope and account"),
    Column("id", TEXT, primary_key=True),
    Column("rev", Integer, nullable=False),
    Column("body", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

KEY: Final = 512
"""Bytes of a key in ``sync_index_row``. A key of so many may go on: what is beyond is found in the document."""

indexes = Table(
    "sync_index",
    metadata,
    Column("n", Integer, primary_key=True, comment="never given twice"),
    Column("db", Integer, nullable=False),
    Column("signature", TEXT, nullable=False, comment="what defines its keys; of one that is going: its number"),
    Column("seq", BigInteger, nullable=False, comment="of the database: all changes up to it are in the rows"),
    UniqueConstraint("db", "signature"),
    comment="Indexes of queries, brought forward when a query wants one. They can be dropped: they are made again.",
    sqlite_autoincrement=True,
)

index_rows = Table(
    "sync_index_row",
    metadata,
    Column("idx", Integer, primary_key=True, autoincrement=False),
    Column("key", LargeBinary, primary_key=True, comment="bytes that sort as the values do, the first of them"),
    Column("id", TEXT, primary_key=True, comment="the document's"),
    UniqueConstraint("idx", "id"),
    sqlite_with_rowid=False,
)

purges = Table(
    "sync_purge",
    metadata,
    Column("db", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, primary_key=True, autoincrement=False, comment="the database's purge_seq"),
    Column("id", TEXT, nullable=False),
    Column("revs", TEXT, nullable=False, comment="the leaves that were purged, JSON"),
    comment="What was purged last: for whoever keeps copies.",
    sqlite_with_rowid=False,
)

replications = Table(
    "sync_replication",
    metadata,
    Column("id", Text, primary_key=True),
    Column("holder", Text, nullable=False, comment="the process that runs it"),
    Column("until_ms", BigInteger, nullable=False, comment="the process is gone when this has passed"),
    Column("shown", Text, nullable=False, comment="what it says of itself, JSON"),
    Column("cancelled", Integer, nullable=False, default=0, comment="1: whoever runs it ends it"),
    comment="Replications that run now, each in one process.",
    sqlite_with_rowid=False,
)
