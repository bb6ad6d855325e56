"""What a database says that it takes is what it holds, whatever came and went."""

import gzip

from sync.access import View
from sync.documents import Draft, Inline, Upload
from sync.store import DocumentStore
from sync.store.values import Sizes
from tests.contracts.test_store import PHONE, PLAIN_VIEW, graft, made, put, write

LONG = bytes(range(256)) * 1000
OTHER = View("areas", "areas")


def sizes(store: DocumentStore, view: View = PLAIN_VIEW) -> Sizes:
    return store.database.read_now(lambda c: store.sizes_now(c, view))


def attach(store: DocumentStore, id_: str, rev: str | None, content: bytes, view: View = PLAIN_VIEW) -> str:
    upload = Upload("text/plain", Inline(content))
    return store.database.write_now(lambda c: store.attach_now(c, view, PHONE, id_, "a", upload, rev=rev))


def test_bodies_of_all_revisions_count(store: DocumentStore) -> None:
    assert sizes(store) == (0, 0)
    rev = put(store, "x", {"a": 1})
    assert sizes(store).active == 7
    put(store, "x", {"a": 22}, rev)
    graft(store, made("y", "b", "a"), made("y", "c", "a", deleted=True))
    assert sizes(store).active == 7 + 8 + 2 * len(b'{"n":"b"}')
    assert sizes(store).file > 0


def test_a_content_counts_once_in_each_database(store: DocumentStore) -> None:
    first = attach(store, "x", None, LONG)
    assert sizes(store).active == len(LONG) + 2
    second = attach(store, "y", None, LONG)
    put(store, "x", {"a": 1}, first)
    attach(store, "z", None, LONG, OTHER)
    assert sizes(store).active == len(LONG) + 2 + 2 + 7
    assert sizes(store, OTHER).active == len(LONG) + 2
    files = [sizes(store, view).file for view in (PLAIN_VIEW, OTHER)]
    assert abs(files[0] - files[1]) < 1000
    store.database.write_now(lambda c: store.purge_now(c, PLAIN_VIEW, {"y": [second]}))
    assert sizes(store).active == len(LONG) + 2 + 7
    leaf = store.database.read_now(lambda c: store.leaves_now(c, "plain", "x"))[0][0]
    store.database.write_now(lambda c: store.purge_now(c, PLAIN_VIEW, {"x": [leaf]}))
    assert sizes(store) == (0, 0)
    assert sizes(store, OTHER).active == len(LONG) + 2


def test_packed_contents_count_as_they_are_stored(store: DocumentStore) -> None:
    packed = gzip.compress(LONG, mtime=0)
    uploads = {
        "a": Upload("text/plain", Inline(packed), decoded=len(LONG)),
        "b": Upload("text/plain", Inline(packed), decoded=len(LONG)),
        "c": Upload("text/plain", Inline(b"four")),
    }
    write(store, [Draft("x", None, deleted=False, body=b"{}", parsed={}, attachments=uploads)])
    assert sizes(store).active == len(packed) + 4 + 2


async def test_what_is_cut_counts_no_more(store: DocumentStore) -> None:
    store.database.write_now(lambda c: store.set_revs_limit_now(c, "plain", 2))
    rev = attach(store, "x", None, LONG)
    for n in range(3):
        rev = put(store, "x", {"n": n}, rev)
    assert sizes(store).active == len(LONG) + 14
    rev = store.database.write_now(lambda c: store.attach_now(c, PLAIN_VIEW, PHONE, "x", "a", None, rev=rev))
    put(store, "x", {}, rev)
    assert sizes(store).active == 7 + 2
    store.database.write_now(lambda c: store.set_revs_limit_now(c, "plain", 1))
    await store.compact(PLAIN_VIEW)
    assert sizes(store).active == 2


def test_a_part_tells_nothing(store: DocumentStore) -> None:
    put(store, "x", {"a": 1}, view=OTHER)
    assert sizes(store, View("area-one", "areas", "one")) == (0, 0)
