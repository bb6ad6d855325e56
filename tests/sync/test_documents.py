import base64
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.documents import Draft, Stub, Upload, draft, drafts
from sync.errors import BadDocument, BadDocumentId, BadRequest, SyncError, TooLarge
from sync.jsontext import canonical, join, members, parse, splice
from sync.limits import Limits

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner)
    ),
    max_leaves=10,
)


def read(text: str | bytes, *, new_edits: bool = True, limits: Limits | None = None, id_: str | None = None) -> Draft:
    raw = text.encode() if isinstance(text, str) else text
    return draft(members(raw), parse(raw), limits=limits or Limits(), new_edits=new_edits, id_=id_)


@pytest.mark.parametrize(
    "value",
    [
        "123456789012345678901234567890",
        "-0",
        "-0.0",
        "1.10",
        "1E5",
        "1e-7",
        "0.1234567890123456789",
        '"\\u4e2d\\/"',
        '[1, 2.50, {"b":  1.0}]',
        '"进百家门"',
    ],
)
def test_a_body_is_kept_as_it_was_written(value: str) -> None:
    assert read(f'{{"_id":"x","z":{value}, "a" : {value}}}').body == f'{{"z":{value},"a":{value}}}'.encode()


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])).filter(lambda k: k[:1] != "_"), VALUES))
def test_cutting_and_joining_changes_nothing(value: dict[str, Any]) -> None:
    text = orjson.dumps(value)
    assert join(members(text)) == text
    assert orjson.loads(splice(b'"_id":"x"', text)) == {"_id": "x", **value}
    spaced = orjson.dumps(value, option=orjson.OPT_INDENT_2)
    assert canonical(text, value) == canonical(spaced, parse(spaced))


def test_the_digits_of_a_number_count_for_the_revision_and_white_space_does_not() -> None:
    def of(text: bytes) -> bytes:
        return canonical(text, parse(text))

    assert of(b'{"a":12345678901234567890123}') != of(b'{"a":12345678901234567890124}')
    assert of(b'{"b":1,"a":[1, 2]}') == of(b'{"a":[1,2],\n"b":1}')
    assert of(b'{"b":1.5,"a":[1, 2]}') == of(b'{"a":[1,2],\n"b":1.5}')
    assert of(b'{"a":1.5}') != of(b'{"a":"1.5"}')


@pytest.mark.parametrize(
    "text", ["", "{", "nul", '{"a":NaN}', '{"a":"\\ud800"}', b'{"a":"\xff"}', '{"a":1}x', "[" * 5000]
)
def test_what_is_no_json(text: str | bytes) -> None:
    with pytest.raises(BadRequest):
        parse(text.encode() if isinstance(text, str) else text)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ('{"_id":""}', BadDocumentId),
        ('{"_id":7}', BadDocumentId),
        ('{"_id":"_x"}', BadDocumentId),
        ('{"_id":"_design/"}', BadDocumentId),
        ('{"_id":"_local/x"}', BadDocumentId),
        ('{"_id":"a\\u0000b"}', BadDocumentId),
        ("{}", BadDocumentId),
        ('{"_id":"x","_nix":1}', BadDocument),
        ('{"_id":"x","_deleted":"yes"}', BadDocument),
        ('{"_id":"x","_rev":"nix"}', BadRequest),
        ('{"_id":"x","_attachments":[]}', BadDocument),
        ('{"_id":"x","_attachments":{"a":1}}', BadDocument),
        ('{"_id":"x","_attachments":{"a":{"data":"???"}}}', BadRequest),
        ('{"_id":"x","_attachments":{"_a":{"stub":true}}}', BadRequest),
        ('{"_id":"x","_attachments":{"a":{"follows":true}}}', BadRequest),
        ('{"_id":"x","_attachments":{"a":{"data":"","revpos":"1"}}}', BadDocument),
    ],
)
def test_what_is_no_document(text: str, error: type[SyncError]) -> None:
    with pytest.raises(error):
        read(text)


@pytest.mark.parametrize(
    "text",
    [
        '{"_id":"x"}',
        '{"_id":"x","_rev":"2-b","_revisions":{"start":2,"ids":["c","a"]}}',
        '{"_id":"x","_rev":"2-b","_revisions":{"start":"2","ids":["b","a"]}}',
        '{"_id":"x","_rev":"1-b","_revisions":{"start":1,"ids":["b","a"]}}',
        '{"_id":"x","_rev":"1-b","_revisions":[1,"b"]}',
        '{"_id":"x","_rev":"1-b","_revisions":{"start":1,"ids":[1]}}',
    ],
)
def test_what_is_no_replicated_revision(text: str) -> None:
    with pytest.raises(BadRequest):
        read(text, new_edits=False)


def test_a_replicated_revision_brings_its_history() -> None:
    got = read('{"_id":"x","_revisions":{"start":3,"ids":["c","b"]},"a":1}', new_edits=False)
    assert (got.rev, got.path, got.body) == ("3-c", (3, ["c", "b"]), b'{"a":1}')
    assert read('{"_id":"x","_rev":"3-c"}', new_edits=False).path == (3, ["c"])


def test_attachments_are_content_or_stubs() -> None:
    data = base64.b64encode(b"hello").decode()
    got = read(
        f'{{"_id":"x","_attachments":{{"a":{{"data":"{data}","content_type":"text/plain"}},"b":{{"stub":true}}}}}}'
    )
    uploaded = got.attachments["a"]
    assert isinstance(uploaded, Upload)
    assert (uploaded.content.length, uploaded.content.md5) == (5, "md5-XUFAKrxLKna5cZ2REBfFkg==")
    assert b"".join(uploaded.content.chunks()) == b"hello"
    assert got.attachments["b"] == Stub()


def test_what_answers_carry_may_be_sent_back() -> None:
    assert read('{"_id":"x","_conflicts":["1-a"],"_revs_info":[],"_local_seq":1,"a":2}').body == b'{"a":2}'


def test_limits() -> None:
    with pytest.raises(TooLarge):
        read('{"_id":"x","a":"0123456789"}', limits=Limits(document=10))
    with pytest.raises(BadDocumentId):
        read('{"_id":"百家门"}', limits=Limits(id_length=8))
    assert read('{"_id":"百家门"}', limits=Limits(id_length=9)).id == "百家门"
    with pytest.raises(TooLarge):
        read('{"_id":"x","_revisions":{"start":3,"ids":["c","b"]}}', new_edits=False, limits=Limits(path=1))


@pytest.mark.parametrize("depth", [250, 300, 600])
def test_deep_nesting_is_written_or_refused_and_nothing_else(depth: int) -> None:
    text = "[" * depth + "]" * depth
    assert read(f'{{"_id":"x","a":{text}}}').canonical() == f'{{"a":{text}}}'.encode()


def test_nesting_too_deep_to_be_written_is_a_bad_request() -> None:
    text = "[" * 1000 + "]" * 1000
    with pytest.raises(BadRequest):
        read(f'{{"_id":"x","a":{text}}}').canonical()


WORDS = st.sampled_from(["a", "b", "_a", "", "a\0b", "a\nb", "_design/a", "x" * 200, 7, None])
REVS = st.sampled_from(["1-a", "2-b", "1-a\n1-a", "0-a", "1-", "a", 7, None])
HISTORIES = st.sampled_from(
    [
        {"start": 1, "ids": ["a"]},
        {"start": 2, "ids": ["b", "a"]},
        {"start": 2, "ids": ["b", "a\na"]},
        {"start": 1, "ids": ["b", "a"]},
        {"start": 1, "ids": "a"},
        {"start": 1, "ids": []},
        {"start": 1, "ids": [1]},
        {"start": True, "ids": ["a"]},
        {"start": 1},
        [1],
        None,
    ]
)
PLAIN = st.sampled_from(
    [
        {"_id": "p", "_rev": "1-a", "_revisions": {"start": 1, "ids": ["a"]}, "n": 1},
        {"_id": "q", "_rev": "2-b", "_revisions": {"start": 2, "ids": ["b", "a"]}, "a_b": "_c"},
        {"_id": "r", "_rev": "1-a", "_revisions": {"start": 1, "ids": ["a"]}, "_deleted": True},
        {"_id": "s", "_rev": "1-a", "_revisions": {"start": 1, "ids": ["a"]}, "_conflicts": [], "x": {"_y": 1}},
        {"_id": "t", "_rev": "1-a", "_revisions": {"start": 1, "ids": ["a"]}, "_attachments": {"f": {"stub": True}}},
    ]
)
ODD = st.fixed_dictionaries(
    {},
    optional={
        "_id": WORDS,
        "_rev": REVS,
        "_revisions": HISTORIES,
        "_deleted": st.sampled_from([True, False, 1]),
        "_nix": st.just(1),
        "long": st.just("x" * 300),
    },
)


@given(st.lists(PLAIN, max_size=6), st.lists(ODD, max_size=2), st.booleans())
def test_many_are_read_as_each_is(plain: list[dict[str, Any]], odd: list[dict[str, Any]], new_edits: bool) -> None:  # noqa: FBT001  hypothesis gives it
    texts = [orjson.dumps(each) for each in [*plain, *odd] if not new_edits or "_id" in each]
    limits = Limits(document=250)
    try:
        wanted: Any = [read(text, new_edits=new_edits, limits=limits) for text in texts]
    except SyncError as error:
        wanted = type(error)
    try:
        got: Any = drafts(texts, limits=limits, new_edits=new_edits)
        for each in got:
            assert each.fields == parse(each.body)  # equal whether it was kept or not
            each.parsed = each.fields
    except SyncError as error:
        got = type(error)
    assert got == wanted
