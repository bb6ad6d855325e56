"""Attachments behind their documents, in both directions, as Apache CouchDB's replicator sends and reads them."""

import base64
import gzip
import hashlib
from typing import Any, Final

import httpx
import orjson
import pytest

from tests.protocol.conftest import LIMITS
from tests.protocol.serve import Running

JSON: Final = {"accept": "application/json"}
MIXED: Final = {"accept": "multipart/mixed"}
RELATED: Final = {"accept": "multipart/related"}
PACKED: Final = gzip.compress(b"hello" * 100, mtime=0)


def md5(content: bytes) -> str:
    return "md5-" + base64.b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def follows(content: bytes, **more: Any) -> dict[str, Any]:
    return {"follows": True, "content_type": "text/plain", "length": len(content), "digest": md5(content), **more}


def packed() -> dict[str, Any]:
    return {
        **follows(PACKED, encoding="gzip", revpos=1),
        "length": 500,
        "encoded_length": len(PACKED),
    }


def body(doc: dict[str, Any], *contents: bytes, boundary: bytes = b"B") -> bytes:
    parts = [b"Content-Type: application/json\r\n\r\n" + orjson.dumps(doc)]
    parts += [b'Content-Disposition: attachment; filename="any"\r\n\r\n' + content for content in contents]
    return b"".join(b"--" + boundary + b"\r\n" + part + b"\r\n" for part in parts) + b"--" + boundary + b"--"


def send(http: httpx.Client, path: str, content: bytes, media_type: str = 'multipart/related; boundary="B"') -> Any:
    return http.put(path, content=content, headers={"content-type": media_type})


def split(text: bytes, content_type: str) -> list[tuple[dict[str, str], bytes]]:
    """Cut a multipart body strictly: part headers and bytes."""
    boundary = content_type.partition("boundary=")[2].strip('"').encode()
    first, *parts, last = (b"\r\n" + text.removeprefix(b"\r\n")).split(b"\r\n--" + boundary)
    assert first == b""
    assert last.strip() == b"--"
    found = []
    for part in parts:
        head, _, content = part.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        if "Content-Length" in headers:
            assert int(headers["Content-Length"]) == len(content)
        found.append((headers, content))
    return found


@pytest.fixture
def doc(http: httpx.Client, db: str) -> str:
    """A document with two attachments, one of them packed; its first revision is 1-a."""
    told = {
        "_id": "x",
        "_rev": "1-a",
        "_attachments": {"b.txt": follows(b"one", revpos=1), "a.txt": packed()},
    }
    answer = send(http, db + "/x?new_edits=false", body(told, b"one", PACKED))
    assert (answer.status_code, answer.json()) == (201, {"ok": True, "id": "x", "rev": "1-a"})
    return db + "/x"


class TestIn:
    def test_an_edit(self, http: httpx.Client, db: str) -> None:
        great = bytes(range(256)) * 8_000
        told = {"n": 1, "_attachments": {"great": follows(great), "none": follows(b"")}}
        answer = send(http, db + "/x", body(told, great, b""))
        assert answer.status_code == 201
        assert answer.headers["etag"] == f'"{answer.json()["rev"]}"'
        assert answer.headers["location"] == f"{db}/x"
        assert http.get(db + "/x/great").content == great
        assert http.get(db + "/x/none").content == b""
        told = {"_rev": answer.json()["rev"], "_attachments": {"great": {"stub": True}, "more": follows(b"more")}}
        assert send(http, db + "/x", body(told, b"more"), "Multipart/Related;boundary=B").status_code == 201
        assert (http.get(db + "/x/great").content, http.get(db + "/x/more").content) == (great, b"more")

    def test_a_replicated_revision_keeps_what_it_says(self, http: httpx.Client, doc: str) -> None:
        stubs = http.get(doc, headers=JSON).json()["_attachments"]
        assert stubs == {
            "b.txt": {"content_type": "text/plain", "revpos": 1, "digest": md5(b"one"), "length": 3, "stub": True},
            "a.txt": {"content_type": "text/plain", "revpos": 1, "digest": md5(PACKED), "length": 500, "stub": True},
        }
        told = http.get(doc + "?att_encoding_info=true", headers=JSON).json()["_attachments"]["a.txt"]
        assert (told["encoding"], told["encoded_length"]) == ("gzip", len(PACKED))

    def test_parts_without_headers_and_what_surrounds_them(self, http: httpx.Client, db: str) -> None:
        told = orjson.dumps({"_attachments": {"a": follows(b"one")}})
        content = b"--B\r\nContent-Type: application/json\r\n\r\n%b\r\n--B\r\n\r\none\r\n--B--\r\nepilogue" % told
        assert send(http, db + "/x", content).status_code == 201
        assert http.get(db + "/x/a").content == b"one"

    @pytest.mark.parametrize(
        ("attachments", "contents", "status", "error"),
        [
            ({"a": follows(b"one")}, [], 400, "bad_request"),
            ({}, [b"one"], 400, "bad_request"),
            ({"a": follows(b"one", digest=md5(b"two"))}, [b"one"], 400, "content_md5_mismatch"),
            ({"a": follows(b"one", length=4)}, [b"one"], 400, "bad_request"),
            ({"a": follows(b"one", encoding="gzip", encoded_length=3)}, [b"one"], 400, "bad_request"),
            ({"a": {**packed(), "digest": md5(PACKED[:-9])}}, [PACKED[:-9]], 400, "bad_request"),
            ({"_a": follows(b"one")}, [b"one"], 400, "bad_request"),
            ({"a": {"follows": True, "content_type": 1}}, [b"one"], 400, "bad_request"),
            ({"a": {"stub": True}}, [], 412, "missing_stub"),
            ({"a": {"follows": True}}, [bytes(LIMITS.attachment + 1)], 413, "attachment_too_large"),
        ],
    )
    def test_what_is_refused(
        self, http: httpx.Client, db: str, attachments: Any, contents: list[bytes], status: int, error: str
    ) -> None:
        answer = send(http, db + "/x", body({"_attachments": attachments}, *contents))
        assert (answer.status_code, answer.json()["error"]) == (status, error)
        assert http.get(db + "/x").status_code == 404

    def test_what_is_no_multipart(self, http: httpx.Client, db: str) -> None:
        whole = body({"_attachments": {"a": follows(b"one")}}, b"one")
        assert send(http, db + "/x", whole, "multipart/related").status_code == 400
        assert send(http, db + "/x", whole[:-4]).status_code == 400
        assert send(http, db + "/x", b"nonsense").status_code == 400
        wrong = whole.replace(b"application/json", b"text/plain")
        assert send(http, db + "/x", wrong).json()["error"] == "bad_content_type"
        assert http.put(db + "/x", json={"_attachments": {"a": {"follows": True}}}).status_code == 400
        assert http.get(db).json()["doc_count"] == 0

    def test_packed_content_that_unpacks_to_too_much(self, http: httpx.Client, db: str) -> None:
        bomb = gzip.compress(bytes(LIMITS.attachment + 1))
        answer = http.put(db + "/x/a", content=bomb, headers={"content-encoding": "gzip"})
        assert (answer.status_code, answer.json()["error"]) == (413, "attachment_too_large")


class TestOut:
    def test_one_document(self, http: httpx.Client, doc: str) -> None:
        for headers in (RELATED, {"accept": "*/*"}):
            answer = http.get(doc + "?attachments=true&revs=true", headers=headers)
            kind, _, _ = answer.headers["content-type"].partition(";")
            assert kind == "multipart/related"
            assert int(answer.headers["content-length"]) == len(answer.content)
            (head, text), (one, first), (two, second) = split(answer.content, answer.headers["content-type"])
            assert head == {"Content-Type": "application/json"}
            told = orjson.loads(text)
            assert list(told["_attachments"]) == ["b.txt", "a.txt"]
            assert told["_attachments"]["a.txt"] == {
                "content_type": "text/plain",
                "revpos": 1,
                "digest": md5(PACKED),
                "length": 500,
                "follows": True,
                "encoding": "gzip",
                "encoded_length": len(PACKED),
            }
            assert one["Content-Disposition"] == 'attachment; filename="b.txt"'
            assert "Content-Encoding" not in one
            assert two["Content-Encoding"] == "gzip"
            assert (first, second) == (b"one", PACKED)
        head_only = http.head(doc + "?attachments=true", headers=RELATED)
        assert int(head_only.headers["content-length"]) > len(PACKED)
        inline = http.get(doc + "?attachments=true", headers=JSON).json()["_attachments"]
        assert base64.b64decode(inline["a.txt"]["data"]) == b"hello" * 100

    def test_without_attachments_it_is_json(self, http: httpx.Client, db: str, doc: str) -> None:
        http.put(db + "/y", json={})
        for path in (doc, db + "/y?attachments=true"):
            assert http.get(path, headers=RELATED).headers["content-type"] == "application/json"

    def test_only_those_since_an_ancestor(self, http: httpx.Client, doc: str) -> None:
        stub = {"stub": True, "content_type": "text/plain"}
        told = {"_rev": "1-a", "_attachments": {"b.txt": stub, "a.txt": stub, "c.txt": follows(b"new")}}
        rev = send(http, doc, body(told, b"new")).json()["rev"]
        answer = http.get(doc + '?atts_since=["1-a"]', headers=RELATED)
        (_, text), (_, content) = split(answer.content, answer.headers["content-type"])
        assert content == b"new"
        assert orjson.loads(text)["_attachments"]["a.txt"]["stub"] is True
        inline = http.get(doc + '?atts_since=["1-a","9-nix"]', headers=JSON).json()["_attachments"]
        assert ["data" in inline[name] for name in ("a.txt", "b.txt", "c.txt")] == [False, False, True]
        asked = {"docs": [{"id": "x", "rev": rev, "atts_since": ["1-a"]}, {"id": "x", "rev": rev}]}
        first, second = http.post(doc[:-2] + "/_bulk_get?attachments=true", json=asked, headers=JSON).json()["results"]
        assert ["data" in each["docs"][0]["ok"]["_attachments"]["b.txt"] for each in (first, second)] == [False, True]

    @pytest.mark.parametrize(
        "asked", ["atts_since=1", 'atts_since=["x"]', "atts_since=x", "open_revs=1", "open_revs=x"]
    )
    def test_what_is_no_revision(self, http: httpx.Client, doc: str, asked: str) -> None:
        answer = http.get(f"{doc}?{asked}")
        assert (answer.status_code, answer.json()["error"]) == (400, "bad_request")

    def test_open_revs(self, http: httpx.Client, db: str, doc: str) -> None:
        loser = {"_id": "x", "_rev": "1-0", "plain": True}
        http.post(db + "/_bulk_docs", json={"docs": [loser], "new_edits": False})
        for headers in (MIXED, {"accept": "*/*"}):
            answer = http.get(doc + '?open_revs=["1-a","1-0","9-z"]&revs=true&latest=true', headers=headers)
            assert answer.headers["content-type"].startswith("multipart/mixed")
            one, two, three = split(answer.content, answer.headers["content-type"])
            assert one[0]["Content-Type"].startswith("multipart/related")
            inner = split(one[1], one[0]["Content-Type"])
            assert [content for _, content in inner[1:]] == [b"one", PACKED]
            assert orjson.loads(inner[0][1])["_revisions"] == {"start": 1, "ids": ["a"]}
            assert two[0] == {"Content-Type": "application/json"}
            assert orjson.loads(two[1])["plain"] is True
            assert three == ({"Content-Type": 'application/json; error="true"'}, b'{"missing":"9-z"}')
        every = http.get(doc + "?open_revs=all", headers=MIXED)
        assert len(split(every.content, every.headers["content-type"])) == 2
        assert http.get(doc + "?open_revs=all", headers=JSON).json()[0]["ok"]["_rev"] == "1-a"

    @pytest.mark.usefixtures("doc")
    def test_bulk_get(self, http: httpx.Client, db: str) -> None:
        http.put(db + "/y", json={})
        asked = {"docs": [{"id": "x", "rev": "1-a"}, {"id": "y"}, {"id": "nix", "rev": "1-a"}]}
        for accept in ("multipart/mixed", "multipart/related"):
            answer = http.post(db + "/_bulk_get?attachments=true&revs=true", json=asked, headers={"accept": accept})
            assert answer.headers["content-type"].startswith(accept)
            one, two, three = split(answer.content, answer.headers["content-type"])
            assert (one[0]["X-Doc-Id"], one[0]["X-Rev-Id"]) == ("x", "1-a")
            assert [content for _, content in split(one[1], one[0]["Content-Type"])[1:]] == [b"one", PACKED]
            assert orjson.loads(two[1])["_id"] == "y"
            assert three[0]["Content-Type"] == 'application/json; error="true"'
            assert orjson.loads(three[1])["error"] == "not_found"
        assert http.post(db + "/_bulk_get", json=asked).headers["content-type"] == "application/json"
        assert http.post(db + "/_bulk_get", json={"docs": []}, headers=MIXED).content == b""

    def test_names_cannot_break_out_of_their_header(self, http: httpx.Client, db: str) -> None:
        name, kind = 'a"\r\nX-Evil: 1', "text/plain\r\nX-Evil: 1"
        http.put(db + "/x", json={"_attachments": {name: {"data": "", "content_type": kind}}})
        answer = http.get(db + "/x?attachments=true", headers=RELATED)
        assert b"\nX-Evil" not in answer.content
        alone = http.get(db + "/x/a%22%0D%0AX-Evil%3A%201")
        assert alone.status_code == 200
        assert "x-evil" not in alone.headers


class TestAlone:
    CONTENT: Final = bytes(range(256)) * 4_000

    @pytest.fixture
    def path(self, http: httpx.Client, db: str) -> str:
        assert http.put(db + "/x/a", content=self.CONTENT, headers={"content-type": "x/y"}).status_code == 201
        return db + "/x/a"

    @pytest.mark.parametrize(
        ("asked", "first", "last"),
        [
            ("bytes=0-0", 0, 0),
            ("bytes=10-19", 10, 19),
            ("bytes=262100-262200", 262_100, 262_200),
            ("bytes=1000-", 1000, 1_023_999),
            ("bytes=-5", 1_023_995, 1_023_999),
            ("bytes=1023999-9999999", 1_023_999, 1_023_999),
            ("bytes=-9999999", 0, 1_023_999),
        ],
    )
    def test_a_range(self, http: httpx.Client, path: str, asked: str, first: int, last: int) -> None:
        answer = http.get(path, headers={"range": asked})
        assert answer.status_code == 206
        assert answer.content == self.CONTENT[first : last + 1]
        assert answer.headers["content-range"] == f"bytes {first}-{last}/1024000"
        assert int(answer.headers["content-length"]) == last - first + 1

    @pytest.mark.parametrize("asked", ["bytes=0-", "bytes=x", "lines=1-2", "bytes=", "bytes=-", "", "bytes=1-2," * 10])
    def test_what_is_no_range_gives_all(self, http: httpx.Client, path: str, asked: str) -> None:
        answer = http.get(path, headers={"range": asked})
        assert (answer.status_code, len(answer.content)) == (200, 1_024_000)
        assert answer.headers["accept-ranges"] == "bytes"
        assert "md5-" + answer.headers["content-md5"] == md5(self.CONTENT)

    @pytest.mark.parametrize("asked", ["bytes=9-3", "bytes=1024000-", "bytes=1-2,2000000-"])
    def test_a_range_beyond_the_end(self, http: httpx.Client, path: str, asked: str) -> None:
        answer = http.get(path, headers={"range": asked})
        assert (answer.status_code, answer.json()["error"]) == (416, "requested_range_not_satisfiable")

    def test_several_ranges(self, http: httpx.Client, path: str) -> None:
        answer = http.get(path, headers={"range": "bytes=0-4, 10-12,-1"})
        assert answer.status_code == 206
        assert answer.headers["content-type"].startswith("multipart/byteranges")
        parts = split(answer.content, answer.headers["content-type"])
        assert [part[0]["Content-Range"] for part in parts] == [
            "bytes 0-4/1024000",
            "bytes 10-12/1024000",
            "bytes 1023999-1023999/1024000",
        ]
        assert [part[1] for part in parts] == [self.CONTENT[:5], self.CONTENT[10:13], self.CONTENT[-1:]]

    def test_packed(self, server: Running, db: str) -> None:
        with server.client() as http:
            put = http.put(db + "/x/a", content=PACKED, headers={"content-encoding": "gzip"})
            assert put.status_code == 201
            for accept, content, length in (("gzip", PACKED, len(PACKED)), ("identity", b"hello" * 100, 500)):
                with http.stream("GET", db + "/x/a", headers={"accept-encoding": accept, "range": "bytes=1-2"}) as got:
                    assert (got.status_code, b"".join(got.iter_raw())) == (200, content)
                    assert int(got.headers["content-length"]) == length
                    assert got.headers.get("content-encoding") == ("gzip" if accept == "gzip" else None)
                    assert got.headers["accept-ranges"] == "none"
                    assert got.headers["etag"] == f'"{md5(PACKED)[4:]}"'
            assert http.put(db + "/y/a", content=b"x", headers={"content-encoding": "br"}).status_code == 415
            assert http.put(db + "/y/a", content=b"x", headers={"content-encoding": "gzip"}).status_code == 400

    def test_removing(self, http: httpx.Client, db: str, path: str) -> None:
        rev = http.get(db + "/x").json()["_rev"]
        assert http.delete(db + "/x/nix", params={"rev": rev}).status_code == 404
        assert http.delete(path).status_code == 409
        assert http.delete(path, headers={"if-match": f'"{rev}"'}).status_code == 200
        assert http.get(path).status_code == 404
        assert http.get(path, params={"rev": rev}).content == self.CONTENT
