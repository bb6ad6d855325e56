"""Stock PouchDB from npm, in node, against plain databases and against an area's."""

import asyncio
import itertools
import os

import httpx
import pytest

from tests.protocol.packages import HERE, NODE, installed
from tests.protocol.serve import Running

_NUMBER = itertools.count()

pytestmark = [
    pytest.mark.node,
    pytest.mark.skipif(NODE is None, reason="node is not installed: make setup brings it"),
]


@pytest.fixture(scope="session")
def packages() -> None:
    installed(HERE)


async def pouch(scenario: str, url: str, user: str, **more: str) -> str:
    """Run one scenario; return what it printed."""
    assert NODE
    environment = {**os.environ, "POUCH_USER": user, **more}
    process = await asyncio.create_subprocess_exec(
        NODE, "pouch.cjs", scenario, url, cwd=HERE, env=environment, stdout=-1, stderr=-1
    )
    out, err = await asyncio.wait_for(process.communicate(), 180)
    assert process.returncode == 0, err.decode()
    return out.decode()


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize("scenario", ["both ways", "conflicts", "attachments", "live"])
@pytest.mark.parametrize("user", ["admin", "phone"])
async def test_pouchdb_syncs(server: Running, scenario: str, user: str) -> None:
    """As administrator a plain database, which PouchDB creates by itself; as phone an area's, ids its own there."""
    name = f"pouch{next(_NUMBER)}" if user == "admin" else f"area-of-{scenario.replace(' ', '-')}"
    await pouch(scenario, f"{server.url}/{name}", user)


@pytest.mark.usefixtures("packages")
async def test_pouchdb_finds_on_the_server_what_it_finds_by_itself(server: Running) -> None:
    await pouch("find", f"{server.url}/pouch-find", "admin")


@pytest.mark.usefixtures("packages")
@pytest.mark.parametrize(("name", "user"), [("many-in-a-plain-database", "admin"), ("area-of-many", "phone")])
async def test_ten_thousand_documents_up_and_down(server: Running, name: str, user: str) -> None:
    await pouch("many", f"{server.url}/{name}", user)


@pytest.mark.usefixtures("packages")
async def test_a_document_that_is_refused_is_denied_and_the_others_arrive(server: Running) -> None:
    async with httpx.AsyncClient(base_url=server.url, auth=("phone", "pass")) as http:
        assert (await http.put("/area-of-others/their-own", json={})).status_code == 201
    await pouch("denied", f"{server.url}/area-of-mine", "phone", POUCH_THEIRS="their-own")
