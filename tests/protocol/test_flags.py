"""Every flag by itself: with it the answer is what CouchDB documents, and without it the answer is another."""

import base64
import gzip
import json
from collections.abc import Callable
from typing import Any, Final, NamedTuple

import httpx
import pytest

from tests.protocol.serve import Running

PACKED: Final = gzip.compress(b"packed text " * 50, mtime=0)
Pick = Callable[[httpx.Response], Any]


@pytest.fixture(scope="module")
def filled(server: Running) -> str:
    """A database of documents with all that flags can show; its name with a slash before it."""
    with server.client() as http:
        assert http.put("/flags").status_code == 201

        def put(path: str, **more: Any) -> str:
            answer = http.put("/flags" + path, **more)
            assert answer.status_code in {200, 201}, answer.text
            return str(answer.json()["rev"])

        docs: list[dict[str, Any]] = [
            {"_id": "a", "_rev": f"{len(ids)}-{ids[0]}", "n": ids[0], "_revisions": {"start": len(ids), "ids": ids}}
            for ids in (["a"], ["c", "a"], ["b", "a"], ["d", "a"])
        ]
        docs[-1]["_deleted"] = True
        assert http.post("/flags/_bulk_docs", json={"docs": docs, "new_edits": False}).json() == []
        old = {"content_type": "text/plain", "data": base64.b64encode(b"old").decode()}
        docs = [
            {"_id": "b", "_rev": "1-a", "_attachments": {"old": old}},
            {"_id": "b", "_rev": "2-b", "_revisions": {"start": 2, "ids": ["b", "a"]}, "_attachments": {"old": old}},
        ]
        assert http.post("/flags/_bulk_docs", json={"docs": docs, "new_edits": False}).json() == []
        put("/b/packed?rev=2-b", content=PACKED, headers={"content-type": "text/plain", "content-encoding": "gzip"})
        put("/c", json={"n": 3})
        put("/e", json={"_rev": put("/e", json={"n": 4}), "_deleted": True})
        for id_ in ("_design/one", "_design/two", "_local/m", "_local/n"):
            put(f"/{id_}", json={"of": id_})
    return "/flags"


def at(*path: Any) -> Pick:
    """Pick the value at ``path`` of the JSON answer, ``None`` where there is none."""
    return lambda answer: _at(answer.json(), path)


def _at(value: Any, path: tuple[Any, ...]) -> Any:
    for name in path:
        try:
            value = value[name]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def each(name: str, *path: Any) -> Pick:
    """Pick the value at ``path`` of every row of a list."""
    return lambda answer: [_at(row, path) for row in answer.json()[name]]


def fields(*path: Any) -> Pick:
    """Pick the names of the fields of an object."""
    return lambda answer: sorted(_at(answer.json(), path) or ())


def leaves(answer: httpx.Response) -> list[str] | None:
    told = answer.json()
    return [_at(leaf, ("ok", "_rev")) or leaf["missing"] for leaf in told] if isinstance(told, list) else None


def head(name: str) -> Pick:
    return lambda answer: answer.headers.get(name)


def lines(answer: httpx.Response) -> list[Any] | None:
    """Pick the ids of a continuous feed; ``None`` for any other."""
    return None if "results" in answer.text else [json.loads(line).get("id") for line in answer.text.splitlines()]


def status(answer: httpx.Response) -> int:
    return answer.status_code


def text(answer: httpx.Response) -> str:
    return answer.text


class Case(NamedTuple):
    """What a flag makes of the answer of ``path``: of the query, a header (with ``: ``), or members of the body."""

    path: str
    flag: str | dict[str, Any]
    pick: Pick
    wanted: Any
    body: dict[str, Any] | None = None


STUB: Final = ["content_type", "digest", "length", "revpos", "stub"]
DATA: Final = base64.b64encode(b"old").decode()
DOCUMENT: Final = [
    Case("/a", "rev=1-a", at("n"), "a"),
    Case("/a", "revs=true", at("_revisions"), {"start": 2, "ids": ["c", "a"]}),
    Case("/a", "revs_info=true", at("_revs_info", 1), {"rev": "1-a", "status": "available"}),
    Case("/a", "conflicts=true", at("_conflicts"), ["2-b"]),
    Case("/a", "deleted_conflicts=true", at("_deleted_conflicts"), ["2-d"]),
    Case("/a", "meta=true", fields(), ["_conflicts", "_deleted_conflicts", "_id", "_rev", "_revs_info", "n"]),
    Case("/a", "local_seq=true", at("_local_seq"), 4),
    Case("/a?rev=1-a", "latest=true", at("n"), "c"),
    Case("/a", "open_revs=all", leaves, ["2-c", "2-b", "2-d"]),
    Case("/a", 'open_revs=["2-b","9-z"]', leaves, ["2-b", "9-z"]),
    Case('/a?open_revs=["1-a"]', "latest=true", leaves, ["2-c", "2-b", "2-d"]),
    Case('/a?open_revs=["2-b"]', "revs=true", at(0, "ok", "_revisions", "ids"), ["b", "a"]),
    Case('/b?open_revs=["2-b"]', "attachments=true", at(0, "ok", "_attachments", "old", "data"), DATA),
    Case("/b", "attachments=true", at("_attachments", "old", "data"), DATA),
    Case("/b", "att_encoding_info=true", at("_attachments", "packed", "encoded_length"), len(PACKED)),
    Case("/b?attachments=true", 'atts_since=["2-b"]', fields("_attachments", "old"), STUB),
    Case("/b", 'atts_since=["2-b"]', fields("_attachments", "packed"), ["content_type", "data", "digest", "revpos"]),
    Case("/a", 'if-none-match: "2-c"', status, 304),
    Case(
        "/b?attachments=true",
        "accept: multipart/related",
        lambda a: a.headers["content-type"][:17],
        "multipart/related",
    ),
    Case(
        '/a?open_revs=["2-b"]', "accept: multipart/mixed", lambda a: a.headers["content-type"][:15], "multipart/mixed"
    ),
    Case("/b/old", "range: bytes=1-1", text, "l"),
    Case("/b/packed", "rev=2-b", status, 404),
    Case("/b/packed", "accept-encoding: gzip", head("content-encoding"), "gzip"),
]
IDS: Final = each("rows", "id")
DOCS: Final = each("rows", "doc", "_id")
ALL: Final = ["_design/one", "_design/two", "a", "b", "c"]
LISTING: Final = [
    Case("/_all_docs", 'key="b"', IDS, ["b"]),
    Case("/_all_docs", 'keys=["c","nix","e"]', each("rows", "key"), ["c", "nix", "e"]),
    *[Case("/_all_docs", f'{name}="b"', IDS, ["b", "c"]) for name in ("startkey", "start_key")],
    *[Case("/_all_docs", f"{name}=b", IDS, ["b", "c"]) for name in ("startkey_docid", "start_key_doc_id")],
    *[Case("/_all_docs", f'{name}="a"', IDS, ALL[:3]) for name in ("endkey", "end_key")],
    *[Case("/_all_docs", f"{name}=a", IDS, ALL[:3]) for name in ("endkey_docid", "end_key_doc_id")],
    Case('/_all_docs?endkey="a"', "inclusive_end=false", IDS, ALL[:2]),
    Case("/_all_docs", "descending=true", IDS, ALL[::-1]),
    Case("/_all_docs", "skip=3", IDS, ALL[3:]),
    Case("/_all_docs", "skip=3", at("offset"), 3),
    Case("/_all_docs", "limit=2", IDS, ALL[:2]),
    Case("/_all_docs", "limit=0", IDS, []),
    Case("/_all_docs", "include_docs=true", DOCS, ALL),
    Case('/_all_docs?key="a"&include_docs=true', "conflicts=true", each("rows", "doc", "_conflicts"), [["2-b"]]),
    Case(
        '/_all_docs?key="b"&include_docs=true',
        "attachments=true",
        each("rows", "doc", "_attachments", "old", "data"),
        [DATA],
    ),
    Case(
        '/_all_docs?key="b"&include_docs=true',
        "att_encoding_info=true",
        each("rows", "doc", "_attachments", "packed", "encoding"),
        ["gzip"],
    ),
    Case("/_all_docs", "update_seq=true", at("update_seq"), "12"),
    *[
        Case("/_all_docs", {name: value}, IDS, wanted, {})
        for name, value, wanted in (
            ("keys", ["c", "a"], ["c", "a"]),
            ("key", "b", ["b"]),
            ("startkey", "b", ["b", "c"]),
            ("start_key", "b", ["b", "c"]),
            ("endkey", "a", ALL[:3]),
            ("end_key", "a", ALL[:3]),
            ("startkey_docid", "b", ["b", "c"]),
            ("endkey_docid", "a", ALL[:3]),
            ("descending", True, ALL[::-1]),
            ("skip", 3, ALL[3:]),
            ("limit", 2, ALL[:2]),
        )
    ],
    Case("/_all_docs", {"include_docs": True}, DOCS, ALL, {}),
    Case("/_all_docs", {"update_seq": True}, at("update_seq"), "12", {}),
    Case("/_all_docs", {"inclusive_end": False}, IDS, ALL[:2], {"endkey": "a"}),
    *[
        case
        for kind, one, two in (("_design", "_design/one", "_design/two"), ("_local", "_local/m", "_local/n"))
        for path in (f"/{kind}_docs",)
        for case in (
            Case(path, f'key="{two}"', IDS, [two]),
            Case(path, f'keys=["{two}","_design/nix"]', each("rows", "key"), [two, "_design/nix"]),
            Case(path, f'startkey="{two}"', IDS, [two]),
            Case(path, f'endkey="{one}"', IDS, [one]),
            Case(f'{path}?endkey="{two}"', "inclusive_end=false", IDS, [one]),
            Case(path, "descending=true", IDS, [two, one]),
            Case(path, "skip=1", IDS, [two]),
            Case(path, "limit=1", IDS, [one]),
            Case(path, "include_docs=true", each("rows", "doc", "of"), [one, two]),
            Case(path, {"keys": [two]}, IDS, [two], {}),
            Case(path, {"limit": 1}, IDS, [one], {}),
        )
    ],
]
CHANGED: Final = each("results", "id")
ORDER: Final = ["a", "b", "c", "e", "_design/one", "_design/two"]
CHANGES: Final = [
    Case("/_changes", "since=7", CHANGED, ORDER[2:]),
    Case("/_changes", "since=now", CHANGED, []),
    Case("/_changes", "last-event-id=7", CHANGED, ORDER[2:]),
    Case("/_changes", "limit=2", CHANGED, ORDER[:2]),
    Case("/_changes", "limit=2", at("pending"), 4),
    Case("/_changes", "limit=0", at("pending"), 6),
    Case("/_changes", "descending=true", CHANGED, ORDER[::-1]),
    Case("/_changes?limit=1", "style=all_docs", each("results", "changes"), [[{"rev": f"2-{d}"} for d in "cbd"]]),
    Case("/_changes", "include_docs=true", each("results", "doc", "_id"), ORDER),
    Case("/_changes?limit=1&include_docs=true", "conflicts=true", each("results", "doc", "_conflicts"), [["2-b"]]),
    Case(
        "/_changes?since=4&limit=1&include_docs=true",
        "attachments=true",
        each("results", "doc", "_attachments", "old", "data"),
        [DATA],
    ),
    Case(
        "/_changes?since=4&limit=1&include_docs=true",
        "att_encoding_info=true",
        each("results", "doc", "_attachments", "packed", "encoding"),
        ["gzip"],
    ),
    Case("/_changes", "seq_interval=4", each("results", "seq"), [None, None, None, "10", None, None]),
    Case('/_changes?doc_ids=["c","e"]', "filter=_doc_ids", CHANGED, ["c", "e"]),
    Case("/_changes", "filter=_design", CHANGED, ORDER[4:]),
    Case("/_changes?filter=_doc_ids", {"doc_ids": ["b"]}, at("results", 0, "id"), "b", {}),
    Case("/_changes", {"selector": {"n": 3}}, CHANGED, ["c"], {}),
    Case("/_changes?timeout=50&since=10", "feed=continuous", lines, [*ORDER[4:], None]),
    Case("/_changes?timeout=50&since=10", "feed=live", lines, [*ORDER[4:], None]),
    Case("/_changes?timeout=50&since=10", "feed=eventsource", lambda a: a.text.count("data: "), 2),
    Case("/_changes?timeout=50&since=10&feed=eventsource", "last-event-id: 11", lambda a: a.text.count("data: "), 1),
]
ASKED: Final = {"docs": [{"id": "a", "rev": "1-a"}, {"id": "b", "rev": "3-B"}]}
OK: Final = ("results", 0, "docs", 0, "ok")
BULK: Final = [
    Case("/_bulk_get", "revs=true", at(*OK, "_revisions"), {"start": 1, "ids": ["a"]}, ASKED),
    Case("/_bulk_get", "latest=true", at(*OK, "_rev"), "2-c", ASKED),
    Case("/_bulk_get", "attachments=true", at(*OK, "_attachments", "old", "data"), DATA, {"docs": [{"id": "b"}]}),
    Case(
        "/_bulk_get",
        "att_encoding_info=true",
        at(*OK, "_attachments", "packed", "encoding"),
        "gzip",
        {"docs": [{"id": "b"}]},
    ),
    Case(
        "/_bulk_get?attachments=true",
        {"docs": [{"id": "b", "atts_since": ["2-b"]}]},
        fields(*OK, "_attachments", "old"),
        STUB,
        {"docs": [{"id": "b"}]},
    ),
    Case("/_bulk_get", "accept: multipart/mixed", lambda a: a.headers["content-type"][:15], "multipart/mixed", ASKED),
]


@pytest.mark.parametrize("case", [*DOCUMENT, *LISTING, *CHANGES, *BULK], ids=lambda case: f"{case.path} {case.flag}")
def test_a_flag_makes_the_difference(http: httpx.Client, filled: str, case: Case) -> None:
    def ask(*, flagged: bool) -> httpx.Response:
        flag = case.flag if flagged else ""
        path, headers, body = (
            filled + case.path,
            {"accept": "application/json", "accept-encoding": "identity"},
            case.body,
        )
        if isinstance(flag, dict):
            body = {**(body or {}), **flag}
        elif ": " in flag:
            name, value = flag.split(": ", 1)
            headers[name] = value
        elif flag:
            path += ("&" if "?" in path else "?") + flag
        if body is None:
            return http.get(path, headers=headers)
        return http.post(path, json=body, headers=headers)

    assert case.pick(ask(flagged=True)) == case.wanted
    plain = ask(flagged=False)
    assert plain.status_code in {200, 400}
    assert plain.status_code == 400 or case.pick(plain) != case.wanted


WRITES: Final = [
    ("PUT", "/w", "rev=1-{}", {"n": 2}, 201, 409),
    ("PUT", "/w", "if-match: 1-{}", {"n": 2}, 201, 409),
    ("PUT", "/w", "new_edits=false", {"_rev": "9-z"}, 201, 409),
    ("PUT", "/v", "batch=ok", {}, 202, 201),
    ("POST", "", "batch=ok", {}, 202, 201),
    ("DELETE", "/w", "rev=1-{}", None, 200, 409),
    ("DELETE", "/w", "if-match: 1-{}", None, 200, 409),
    ("PUT", "/w/a", "rev=1-{}", "text", 201, 409),
    ("PUT", "/w/a", "if-match: 1-{}", "text", 201, 409),
    ("COPY", "/w", "destination: v", None, 201, 400),
    ("PUT", "/_local/w", "rev=0-1", {"n": 2}, 201, 409),
    ("DELETE", "/_local/w", "rev=0-1", None, 200, 400),
    ("POST", "/_bulk_docs", {"new_edits": False}, {"docs": [{"_id": "x", "_rev": "9-z"}]}, "[]", None),
]


@pytest.mark.parametrize(("method", "path", "flag", "body", "with_", "without"), WRITES)
def test_a_flag_of_a_write(
    http: httpx.Client, db: str, method: str, path: str, flag: Any, body: Any, with_: Any, without: Any
) -> None:
    rev = http.put(db + "/w", json={"n": 1}).json()["rev"][2:]
    http.put(db + "/_local/w", json={"n": 1})

    def ask(*, flagged: bool) -> httpx.Response:
        told, sent = db + path, body
        headers: dict[str, str] = {}
        if flagged and isinstance(flag, dict):
            sent = {**body, **flag}
        elif flagged and ": " in flag:
            name, value = flag.format(rev).split(": ", 1)
            headers[name] = value
        elif flagged:
            told += "?" + flag.format(rev)
        more = {"content": sent} if isinstance(sent, str) else {"json": sent} if sent is not None else {}
        return http.request(method, told, headers=headers, **more)

    if without is None:
        assert ask(flagged=False).text.strip() != with_
        assert ask(flagged=True).text.strip() == with_
        return
    if method != "POST" and path != "/v":
        assert ask(flagged=False).status_code == without
    assert ask(flagged=True).status_code == with_
    if method == "POST" or path == "/v":
        assert ask(flagged=False).status_code in {without, 409}


@pytest.mark.parametrize(
    ("path", "flag", "pick", "wanted"),
    [
        ("/_uuids", "count=3", lambda a: len(a.json()["uuids"]), 3),
        ("/_all_dbs", 'key="flags"', lambda a: a.json(), ["flags"]),
        ("/_all_dbs", 'startkey="flags"&endkey="flags"', lambda a: a.json(), ["flags"]),
        ("/_all_dbs", "limit=0", lambda a: a.json(), []),
        ("/_all_dbs", "limit=1&descending=true", lambda a: len(a.json()), 1),
        ("/_dbs_info", 'key="flags"', lambda a: [each["key"] for each in a.json()], ["flags"]),
        ("/_dbs_info", "limit=0", lambda a: a.json(), []),
        ("/_db_updates", "since=now", lambda a: a.json()["results"], []),
        ("/_db_updates", "limit=1", lambda a: len(a.json()["results"]), 1),
        ("/_db_updates?since=now&timeout=50", "feed=continuous", lambda a: "results" in a.text, False),
        ("/_db_updates?since=now&timeout=50", "feed=eventsource", head("content-type"), "text/event-stream"),
    ],
)
def test_a_flag_of_the_server(http: httpx.Client, filled: str, path: str, flag: str, pick: Pick, wanted: Any) -> None:
    del filled
    assert pick(http.get(path + ("&" if "?" in path else "?") + flag)) == wanted
    assert pick(http.get(path)) != wanted
