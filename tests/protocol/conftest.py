"""A real server on a free port, in a thread of the test run."""

import asyncio
import itertools
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn

from sync.limits import Limits
from tests import postgresql
from tests.postgresql import Cluster
from tests.protocol import serve
from tests.protocol.serve import Running

LIMITS = Limits(body=2_000_000, document=100_000, attachment=4_000_000, bulk=600, feeds=8, poll_seconds=2.0)


@pytest.fixture(scope="module")
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path | str]:
    """Where the server keeps its data."""
    if not postgresql.WANTED:
        yield tmp_path_factory.mktemp("protocol")
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    made = cluster.create()
    yield made
    cluster.drop(made)


@pytest.fixture(scope="module")
def server(place: Path | str) -> Iterator[Running]:
    listener = serve.listening()
    app = serve.app(place, LIMITS)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=1))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listener])))
    thread.start()
    yield Running(f"http://127.0.0.1:{listener.getsockname()[1]}/sync", app.state.store)
    server.should_exit = True
    thread.join()
    listener.close()


@pytest.fixture
def http(server: Running) -> Iterator[httpx.Client]:
    """The administrator's client."""
    with server.client() as client:
        yield client


_NUMBER = itertools.count()


@pytest.fixture
def db(http: httpx.Client) -> str:
    """A fresh database's name, with a slash before it."""
    name = f"/db{next(_NUMBER)}"
    assert http.put(name).status_code == 201
    return name


@pytest.fixture
def told(http: httpx.Client) -> Any:
    """Make a request that takes JSON alone; return its status and JSON."""

    def ask(method: str, path: str, json: Any = None, **more: Any) -> tuple[int, Any]:
        more["headers"] = {"accept": "application/json", **more.get("headers", {})}
        answer = (
            http.request(method, path, json=json, **more) if json is not None else http.request(method, path, **more)
        )
        return answer.status_code, answer.json()

    return ask
