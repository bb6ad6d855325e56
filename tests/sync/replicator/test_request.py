from typing import Any

import pytest

from sync.errors import BadRequest, Forbidden
from sync.replicator.request import Endpoint, endpoint, parse

REMOTE = "https://reader:se%40cret@Example.org:443/db/"


def test_a_url_is_cut_into_what_is_shown_and_what_is_not() -> None:
    told = endpoint(REMOTE, "source")
    assert told.url == "https://example.org/db"
    assert told.auth == ("reader", "se@cret")
    assert told.shown == "https://example.org/db/"
    assert "cret" not in repr(told)


def test_credentials_come_apart_too() -> None:
    told = endpoint({"url": "http://h:5984/db", "auth": {"basic": {"username": "u", "password": "p"}}}, "source")
    assert (told.url, told.auth) == ("http://h:5984/db", ("u", "p"))
    told = endpoint({"url": "http://h/db", "headers": {"Authorization": "Bearer secret"}}, "source")
    assert told.headers == (("authorization", "Bearer secret"),)
    assert "secret" not in repr(told)
    assert endpoint("http://[::1]:5984/a%2Fb", "source").url == "http://[::1]:5984/a%2Fb"
    assert endpoint("visits", "source") == Endpoint(name="visits")


@pytest.mark.parametrize(
    "told",
    [
        None,
        "",
        7,
        [],
        {},
        {"url": "db"},
        "ftp://h/db",
        "file:///etc/passwd",
        "http:///db",
        "http://h",
        "http://h/",
        "http://h/db?x=1",
        "http://h/db#x",
        "http://h:port/db",
        "http://[::1/db",
        {"url": "http://h/db", "auth": {"digest": {}}},
        {"url": "http://h/db", "auth": {"basic": {"username": "u"}}},
        {"url": "http://h/db", "headers": ["x"]},
        {"url": "http://h/db", "headers": {"X": "a\r\nHost: b"}},
        {"url": "http://h/db", "headers": {"Host": "b"}},
        {"url": "http://h/db", "headers": {"X": 7}},
    ],
)
def test_what_is_no_database_is_refused(told: object) -> None:
    with pytest.raises(BadRequest):
        endpoint(told, "source")


@pytest.mark.parametrize(
    ("hosts", "host", "allowed"),
    [
        ([], "anywhere.example", True),
        ([], "127.0.0.1", True),
        ([], "169.254.169.254", False),
        ([], "[fe80::1]", False),
        (["backup.example"], "backup.example", True),
        (["backup.example"], "other.example", False),
        (["backup.example"], "backup.example.evil", False),
        ([".example"], "a.example", True),
        ([".example"], "example", False),
        (["10.0.0.0/8"], "10.1.2.3", True),
        (["10.0.0.0/8"], "11.1.2.3", False),
        (["169.254.169.254"], "169.254.169.254", True),
    ],
)
def test_only_servers_that_are_allowed(hosts: list[str], host: str, allowed: bool) -> None:  # noqa: FBT001
    if allowed:
        endpoint(f"http://{host}/db", "source", hosts)
    else:
        with pytest.raises(Forbidden):
            endpoint(f"http://{host}/db", "source", hosts)


def id_of(uuid: str = "u", **more: Any) -> str:
    return parse({"source": REMOTE, "target": "mine", **more}).id(uuid)


def test_the_id_is_the_works_not_the_passwords() -> None:
    assert id_of() == id_of(source="https://reader:other@example.org/db")
    assert id_of() == id_of(source={"url": "https://reader@example.org/db", "headers": {"Cookie": "x"}})
    assert id_of(doc_ids=["a", "b"]) == id_of(doc_ids=["b", "a", "a"])
    assert id_of(selector={"a": 1, "b": 2}) == id_of(selector={"b": 2, "a": 1})


def test_other_work_has_another_id() -> None:
    ids = [
        id_of(),
        id_of("other server"),
        id_of(source="https://writer:x@example.org/db"),
        id_of(target="other"),
        id_of(source="mine", target=REMOTE),
        id_of(doc_ids=["a"]),
        id_of(doc_ids=[]),
        id_of(selector={"a": 1}),
        id_of(filter="d/f"),
        id_of(filter="d/f", query_params={"a": 1}),
        id_of(winning_revs_only=True),
    ]
    assert len(set(ids)) == len(ids)


def test_how_it_is_run_is_in_the_job_but_not_in_the_checkpoint() -> None:
    asked = parse({"source": "a", "target": "b", "continuous": True, "create_target": True})
    assert asked.id("u") == asked.base_id("u") + "+continuous+create_target"
    assert asked.base_id("u") == parse({"source": "a", "target": "b"}).id("u")


@pytest.mark.parametrize(
    "told",
    [
        {"source": "a"},
        {"target": "a"},
        {"source": "a", "target": "b", "continuous": "yes"},
        {"source": "a", "target": "b", "doc_ids": "x"},
        {"source": "a", "target": "b", "doc_ids": [1]},
        {"source": "a", "target": "b", "selector": []},
        {"source": "a", "target": "b", "selector": {}, "doc_ids": ["x"]},
        {"source": "a", "target": "b", "filter": 7},
        {"source": "a", "target": "b", "checkpoint_interval": 0},
        {"source": "a", "target": "b", "worker_batch_size": True},
    ],
)
def test_what_cannot_be_meant_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        parse(told)
